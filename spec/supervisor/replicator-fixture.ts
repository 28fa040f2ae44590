/** A replicator between two embedded brokers, each with a client that is subscribed to all topics. */

import type { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import type { Config } from '../../lib/config/config.ts';
import type { LogLevel } from '../../lib/protocol/messages.ts';
import { Replicator } from '../../lib/supervisor/replicator.ts';
import { accepted } from '../config/reading.ts';
import { startAedes } from '../support/aedes-broker.ts';
import { TestClient } from '../support/client.ts';
import { expectEqualBrokers } from '../support/equal.ts';
import type { TestBroker } from '../support/test-broker.ts';

export const NAMES = ['oslo', 'paris'];

export class ReplicatorFixture {
  readonly brokers: readonly TestBroker[];
  readonly log: string[] = [];
  /** The threads of the test, in the order of their creation. */
  readonly threads: Worker[] = [];
  readonly #clients: readonly TestClient[];
  readonly #remember = (worker: Worker) => this.threads.push(worker);
  #replicator: Replicator | undefined;

  static async start(): Promise<ReplicatorFixture> {
    const brokers = await Promise.all(NAMES.map(() => startAedes()));
    const clients = await Promise.all(brokers.map(({ url }) => TestClient.connect(url)));
    await Promise.all(clients.map(client => client.subscribe('#')));
    return new ReplicatorFixture(brokers, clients);
  }

  private constructor(brokers: readonly TestBroker[], clients: readonly TestClient[]) {
    this.brokers = brokers;
    this.#clients = clients;
    process.on('worker', this.#remember);
  }

  async stop(): Promise<void> {
    await this.#replicator?.stop();
    process.off('worker', this.#remember);
    await Promise.all(this.#clients.map(client => client.end()));
    await Promise.all(this.brokers.map(broker => broker.stop()));
  }

  configured(more: Readonly<Record<string, string>> = {}): Config {
    const env: Record<string, string> = {
      HOME: '/nowhere',
      MQTTREP_TOPIC_all: '#',
      MQTTREP_MERGE_FREQUENCY: '50',
      MQTTREP_STORE: 'memory',
    };
    for (const [index, name] of NAMES.entries()) {
      const options = { clientId: name, protocolVersion: 4, reconnectPeriod: 50 };
      env[`MQTTREP_CLIENT_${name}`] = this.brokers[index]?.url ?? '';
      env[`MQTTREP_CONFIG_${name}`] = JSON.stringify(options);
    }
    return accepted({ ...env, ...more }, {});
  }

  /** @param onLog called with each message after it was logged */
  create(config = this.configured(), onLog: (message: string) => void = () => undefined): Replicator {
    this.#replicator = new Replicator(config, (level: LogLevel, message: string) => {
      this.log.push(`${level} ${message}`);
      onLog(message);
    });
    return this.#replicator;
  }

  /** Creates a replicator, starts it, and waits until both brokers are ready. */
  async replicate(more?: Readonly<Record<string, string>>): Promise<Replicator> {
    const replicator = this.create(this.configured(more));
    replicator.start();
    await replicator.answered(10_000);
    expect(this.states).to.deep.equal({ oslo: 'ready', paris: 'ready' });
    return replicator;
  }

  get states(): Readonly<Record<string, string>> {
    const links = [...(this.#replicator?.links ?? [])];
    return Object.fromEntries(links.map(([name, { state }]) => [name, state] as const));
  }

  client(index: number): TestClient {
    const client = this.#clients[index];
    if (client === undefined) throw new RangeError(`there is no client ${index}`);
    return client;
  }

  /** A new retained message is replicated from each broker to the other. */
  async expectReplication(topic: string): Promise<void> {
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const name = `${topic}/${from}`;
      await this.client(from).publish(name, 'replicated', { retain: true });
      await this.client(to).waitFor(
        message => message.topic === name && message.payload === 'replicated',
        10_000,
      );
    }
    await expectEqualBrokers(this.brokers.map(({ url }) => url));
  }

  /** How often the connection of mqttrep to each broker was lost, by the broker's log. */
  get losses(): readonly number[] {
    return this.brokers.map((broker, index) => {
      const lines = broker.log().split('\n');
      return lines.filter(line => line === `disconnected ${NAMES[index]}`).length;
    });
  }
}
