/** Retained messages of mqttrep itself for the clients of one broker, such as the discovery of Home Assistant. */

import type { OwnMessage } from '../protocol/control-messages.ts';
import type { Connection } from './connection/connection.ts';
import { publishAcknowledged } from './connection/publish-acknowledged.ts';

const RETAINED = { qos: 1, retain: true } as const;

type Publishing = Pick<Connection, 'publish'>;

export class OwnMessages {
  #connection: Publishing | undefined;
  readonly #current = new Map<string, OwnMessage>();

  /** The session is ready: publishes everything. */
  announce(connection: Publishing): void {
    this.#connection = connection;
    for (const message of this.#current.values())
      void this.#publish(connection, message.topic, message.payload);
  }

  /** Publishes what differs from the last message under its topic, or all of it. */
  update(messages: readonly OwnMessage[], which: 'changed' | 'all'): void {
    for (const message of messages) {
      const before = this.#current.get(message.topic);
      this.#current.set(message.topic, message);
      if (this.#connection === undefined) continue;
      if (which === 'changed' && before?.payload === message.payload) continue;
      void this.#publish(this.#connection, message.topic, message.payload);
    }
  }

  /** Publishes the farewells, before mqttrep disconnects. */
  async withdraw(connection: Publishing): Promise<void> {
    this.#connection = undefined;
    const last = [...this.#current.values()].filter(({ farewell }) => farewell !== undefined);
    await Promise.all(last.map(({ topic, farewell = '' }) => this.#publish(connection, topic, farewell)));
  }

  #publish(connection: Publishing, topic: string, payload: string): Promise<unknown> {
    return publishAcknowledged(connection, topic, payload, RETAINED);
  }
}
