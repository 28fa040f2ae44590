/**
 * How mqttrep is, for clients of the brokers: `{control}/status` is online, or offline by will, and
 * `{control}/connection/{broker}` 1 or 0, all retained, at each broker. Only where the user asks for it.
 */

import { connectionTopic, statusTopic } from '../protocol/control-topics.ts';
import type { Connections } from '../protocol/messages.ts';
import type { Connection } from './connection/connection.ts';

const RETAINED = { qos: 1, retain: true } as const;

type Publishing = Pick<Connection, 'publish'>;

export class StateTopics {
  readonly #prefix: string;
  #connection: Publishing | undefined;
  #connections: Connections = {};

  /** @param prefix with what the topics of mqttrep itself begin */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** For CONNECT. */
  get will(): { topic: string; payload: Buffer; qos: 1; retain: true } {
    return { topic: statusTopic(this.#prefix), payload: Buffer.from('offline'), ...RETAINED };
  }

  /** Says on a new connection all that there is to say. */
  announce(connection: Publishing): void {
    this.#connection = connection;
    void this.#say(connection, statusTopic(this.#prefix), 'online');
    for (const name of Object.keys(this.#connections)) void this.#sayOf(connection, name, this.#connections);
  }

  /** Says what has changed; what was said of a broker that is no longer configured is taken away. */
  update(connections: Connections): void {
    const before = this.#connections;
    this.#connections = connections;
    const names = new Set([...Object.keys(before), ...Object.keys(connections)]);
    for (const name of names) {
      if (this.#connection === undefined || before[name] === connections[name]) continue;
      void this.#sayOf(this.#connection, name, connections);
    }
  }

  /** Says goodbye. Resolves when the broker has it; see `sayGoodbye` for how long that is waited for. */
  async withdraw(connection: Publishing): Promise<void> {
    this.#connection = undefined;
    const none = Object.fromEntries(Object.keys(this.#connections).map(name => [name, 'down' as const]));
    const said = Object.keys(none).map(name => this.#sayOf(connection, name, none));
    await Promise.all([...said, this.#say(connection, statusTopic(this.#prefix), 'offline')]);
  }

  #sayOf(connection: Publishing, name: string, connections: Connections): Promise<void> {
    const state = connections[name];
    const payload = state === undefined ? '' : state === 'up' ? '1' : '0';
    return this.#say(connection, connectionTopic(this.#prefix, name), payload);
  }

  #say(connection: Publishing, topic: string, payload: string): Promise<void> {
    return new Promise(resolve => connection.publish(topic, Buffer.from(payload), RETAINED, () => resolve()));
  }
}
