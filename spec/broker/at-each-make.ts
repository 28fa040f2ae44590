/**
 * Specs of a broker actor that run at each make of broker: the actor reaches the broker by a link, a client reaches it directly.
 */

import { TestClient } from '../support/client.ts';
import { Link } from '../support/link.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { BrokerActorFixture, type FixtureOptions } from './broker-actor-fixture.ts';
import { MAKES, type Make } from './makes.ts';

/** Defines the specs for each make. */
export function atEachMake(title: string, define: (at: ActorAtMake) => void): void {
  for (const make of MAKES) {
    describe(`${title} at ${make.make}`, () => {
      const at = new ActorAtMake(make);
      beforeEach(function () {
        return at.start(this);
      });
      afterEach(() => at.stop());
      define(at);
    });
  }
}

export class ActorAtMake {
  readonly make: Make;
  #parts: { readonly broker: TestBroker; readonly link: Link; readonly client: TestClient } | undefined;
  #fixture: BrokerActorFixture | undefined;

  constructor(make: Make) {
    this.make = make;
  }

  get broker(): TestBroker {
    return this.#started.broker;
  }

  /** From the actor to the broker. */
  get link(): Link {
    return this.#started.link;
  }

  get client(): TestClient {
    return this.#started.client;
  }

  /** So many retained messages that a replay can be interrupted. Aedes needs a millisecond for each that it cannot deliver. */
  get longReplay(): number {
    return this.make.make === 'Aedes' ? 500 : 20_000;
  }

  /** An actor begins to connect. */
  connect(more: FixtureOptions = {}): BrokerActorFixture {
    const { make, protocolVersion } = this.make;
    // Aedes refuses MQTT 5, so there the fallback is part of each test.
    const options = make === 'Aedes' ? {} : { protocolVersion };
    const { url } = this.link;
    this.#fixture = new BrokerActorFixture(url, { ...more, options: { ...options, ...more.options } });
    return this.#fixture;
  }

  /** An actor has connected, and was shown all that the broker retains. */
  async connected(more: FixtureOptions = {}): Promise<BrokerActorFixture> {
    const fixture = this.connect(more);
    await fixture.replayed();
    return fixture;
  }

  async start(context: Mocha.Context): Promise<void> {
    const broker = await this.make.start(context);
    const link = await Link.to(broker.port);
    this.#parts = { broker, link, client: await TestClient.connect(broker.url) };
  }

  async stop(): Promise<void> {
    const parts = this.#parts;
    this.#parts = undefined;
    // What does not stop has a test of its own; the others are to run on.
    await this.#fixture?.stop().catch(() => undefined);
    await parts?.client.end();
    await parts?.link.close();
    await parts?.broker.stop();
  }

  get #started() {
    if (this.#parts === undefined) throw new Error('no broker was started');
    return this.#parts;
  }
}
