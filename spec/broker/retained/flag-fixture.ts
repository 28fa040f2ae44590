/** A broker actor and a client at a mosquitto, behind a relay that may alter retain flags; each spec has its own. */

import type { Subscription } from '../../../lib/core/subscriptions.ts';
import type { Observation } from '../../../lib/protocol/observation.ts';
import { TestClient } from '../../support/client.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { PacketRelay, type Quirk } from '../../support/packet-relay.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { BrokerActorFixture } from '../broker-actor-fixture.ts';

export interface FlagFixtureOptions {
  readonly protocolVersion: 4 | 5;
  /** The oddity of the relay. Called for each spec. */
  readonly oddity: () => Quirk;
  /** The client connects through the relay, too. Default: false. */
  readonly clientThroughRelay?: boolean;
  readonly subscriptions: readonly Subscription[];
  /** What the client publishes before the actor connects. */
  readonly before: (client: TestClient) => Promise<void>;
}

export class FlagFixture {
  readonly broker: TestBroker;
  readonly client: TestClient;
  readonly actor: BrokerActorFixture;
  readonly #relay: PacketRelay;

  private constructor(broker: TestBroker, relay: PacketRelay, client: TestClient, actor: BrokerActorFixture) {
    this.broker = broker;
    this.#relay = relay;
    this.client = client;
    this.actor = actor;
  }

  /** Resolves once the broker has shown the actor all that it retains. */
  static async start(options: FlagFixtureOptions): Promise<FlagFixture> {
    const { protocolVersion, subscriptions } = options;
    const broker = await startMosquitto();
    const relay = await PacketRelay.before(broker.port, options.oddity());
    const { url } = options.clientThroughRelay === true ? relay : broker;
    const client = await TestClient.connect(url, { protocolVersion });
    await options.before(client);
    const actor = new BrokerActorFixture(relay.url, { options: { protocolVersion }, subscriptions });
    const fixture = new FlagFixture(broker, relay, client, actor);
    try {
      await actor.replayed();
      return fixture;
    } catch (error) {
      await fixture.stop();
      throw error;
    }
  }

  /** The first observation of a topic, or the first with that payload. */
  async shown(topic: string, payload?: string): Promise<Observation> {
    const told = await this.actor.heard(
      one =>
        one.kind === 'observation' &&
        one.topic === topic &&
        (payload === undefined || String(one.payload) === payload),
    );
    return told as unknown as Observation;
  }

  async stop(): Promise<void> {
    await this.client.end();
    await this.actor.stop();
    await this.#relay.close();
    await this.broker.stop();
  }
}

/** Registers hooks that make a fixture for each spec. Returns a function that gives the current one. */
export function flagFixtureHooks(options: FlagFixtureOptions): () => FlagFixture {
  let fixture: FlagFixture | undefined;

  beforeEach(async function () {
    requireMosquitto(this);
    fixture = await FlagFixture.start(options);
  });

  afterEach(async () => {
    await fixture?.stop();
    fixture = undefined;
  });

  return () => {
    if (fixture === undefined) throw new Error('the fixture was not started: call this in a spec');
    return fixture;
  };
}
