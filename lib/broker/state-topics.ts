/**
 * The state of mqttrep for clients of the brokers, retained at each broker: `{control}/status` is `online`, or `offline` by the
 * will, and `{control}/connection/{broker}` is `1` or `0`. Published only if the user configured it.
 */

import type { Connections } from '../protocol/control-messages.ts';
import { connectionTopic, statusTopic } from '../protocol/control-topics.ts';
import type { Connection } from './connection/connection.ts';
import { type PublishOutcome, publishAcknowledged } from './connection/publish-acknowledged.ts';

/** Longest wait for the acknowledgements of the last state: they may be lost. */
const _GOODBYE_TIMEOUT_MS = 2_000;

const RETAINED = { qos: 1, retain: true } as const;

type Publishing = Pick<Connection, 'publish'>;

export class StateTopics {
  readonly #prefix: string;
  #connection: Publishing | undefined;
  #connections: Connections = {};

  /** @param prefix the beginning of mqttrep's own topics */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** For CONNECT. */
  get will(): { topic: string; payload: Buffer; qos: 1; retain: true } {
    return { topic: statusTopic(this.#prefix), payload: Buffer.from('offline'), ...RETAINED };
  }

  /** Publishes the whole state on a new connection. */
  announce(connection: Publishing): void {
    this.#connection = connection;
    void this.#publish(connection, statusTopic(this.#prefix), 'online');
    for (const name of Object.keys(this.#connections))
      void this.#publishConnection(connection, name, this.#connections);
  }

  /** Publishes the changes. The topic of a broker that is no longer configured is deleted. */
  update(connections: Connections): void {
    const before = this.#connections;
    this.#connections = connections;
    const names = new Set([...Object.keys(before), ...Object.keys(connections)]);
    for (const name of names) {
      if (this.#connection === undefined || before[name] === connections[name]) continue;
      void this.#publishConnection(this.#connection, name, connections);
    }
  }

  /** Publishes `offline`: after DISCONNECT the broker does not publish the will. `sayGoodbye` limits the wait. */
  async withdraw(connection: Publishing): Promise<void> {
    this.#connection = undefined;
    const none = Object.fromEntries(Object.keys(this.#connections).map(name => [name, 'down' as const]));
    await Promise.all([
      ...Object.keys(none).map(name => this.#publishConnection(connection, name, none)),
      this.#publish(connection, statusTopic(this.#prefix), 'offline'),
    ]);
  }

  #publishConnection(
    connection: Publishing,
    name: string,
    connections: Connections,
  ): Promise<PublishOutcome> {
    const state = connections[name];
    const payload = state === undefined ? '' : state === 'up' ? '1' : '0';
    return this.#publish(connection, connectionTopic(this.#prefix, name), payload);
  }

  #publish(connection: Publishing, topic: string, payload: string): Promise<PublishOutcome> {
    return publishAcknowledged(connection, topic, payload, RETAINED);
  }
}
