/** A mosquitto behind a relay with limits, and its clients. */

import { TestClient, type TestClientOptions } from '../client.ts';
import { requireMosquitto, startMosquitto } from '../mosquitto.ts';
import type { TestBroker } from '../test-broker.ts';
import type { BrokerLimits } from './broker-limits.ts';
import { LimitedBroker } from './limited-broker.ts';

const VERSIONS = [
  ['MQTT 3.1.1', 4],
  ['MQTT 5', 5],
] as const;

/** Defines specs with one mosquitto for all of them. */
export function withLimitedBroker(title: string, define: (fixture: LimitedBrokerFixture) => void): void {
  describe(title, () => {
    const fixture = new LimitedBrokerFixture();
    before(function () {
      return fixture.startMosquitto(this);
    });
    after(() => fixture.stopMosquitto());
    afterEach(() => fixture.close());
    define(fixture);
  });
}

/** Defines the specs for each version of MQTT. */
export function overEachVersion(define: (protocolVersion: 4 | 5) => void): void {
  for (const [version, protocolVersion] of VERSIONS)
    describe(`over ${version}`, () => define(protocolVersion));
}

export class LimitedBrokerFixture {
  #mosquitto: TestBroker | undefined;
  #limited: LimitedBroker | undefined;
  readonly #clients: TestClient[] = [];

  get limited(): LimitedBroker {
    if (this.#limited === undefined) throw new Error('the relay was not started');
    return this.#limited;
  }

  async start(limits: BrokerLimits): Promise<void> {
    await this.#limited?.close();
    this.#limited = await LimitedBroker.before(this.#broker.port, limits);
  }

  async connect(options: TestClientOptions = {}, url = this.limited.url): Promise<TestClient> {
    const client = await TestClient.connect(url, options);
    this.#clients.push(client);
    return client;
  }

  /** It subscribes at the broker itself, so that it has no limits. */
  async watcher(): Promise<TestClient> {
    const client = await this.connect({}, this.#broker.url);
    await client.subscribe('#');
    return client;
  }

  async startMosquitto(context: Mocha.Context): Promise<void> {
    requireMosquitto(context);
    this.#mosquitto = await startMosquitto({ config: ['max_inflight_messages 100'] });
  }

  async stopMosquitto(): Promise<void> {
    await this.#mosquitto?.stop();
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map(client => client.destroy()));
    await this.#limited?.close();
    this.#limited = undefined;
  }

  get #broker(): TestBroker {
    if (this.#mosquitto === undefined) throw new Error('mosquitto was not started');
    return this.#mosquitto;
  }
}
