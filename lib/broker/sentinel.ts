/**
 * A sentinel marks the end of what a broker replays: a retained message under a control topic that is
 * subscribed to last, and so comes last.
 *
 * A sentinel that is published after the SUBACK would overtake the replay at brokers that read their
 * retained messages one by one (aedes does).
 */

import type { IPublishPacket } from 'mqtt';
import type { Connection } from './connection.ts';

/** Longest wait for the broker to store a sentinel, in milliseconds. */
const STORE_LIMIT = 5_000;

/** Seconds after which an MQTT 5 broker removes a sentinel that we could not remove. */
const EXPIRY = 60 * 60;

export class Sentinel {
  readonly topic: string;
  readonly #nonce: string;
  #seen: (() => void) | undefined;

  /** @param topic a control topic of one connection alone */
  constructor(topic: string, nonce: string) {
    this.topic = topic;
    this.#nonce = nonce;
  }

  /** Has the broker retain the sentinel; ends in any case after a while. */
  place(connection: Connection): Promise<void> {
    return this.#write(connection, Buffer.from(this.#nonce));
  }

  remove(connection: Connection): Promise<void> {
    return this.#write(connection, Buffer.alloc(0));
  }

  /** Resolves when the sentinel is seen from now on. */
  seen(): Promise<void> {
    return new Promise(resolve => {
      this.#seen = resolve;
    });
  }

  /** Looks at a message; returns whether it was the sentinel's, and so is of no further interest. */
  observe(packet: IPublishPacket): boolean {
    if (packet.topic !== this.topic) return false;
    // A broker may acknowledge before it stores: then the sentinel comes live first, ahead of the replay.
    if (packet.retain && packet.payload.toString() === this.#nonce) this.#seen?.();
    return true;
  }

  #write(connection: Connection, payload: Buffer): Promise<void> {
    const properties = { messageExpiryInterval: EXPIRY };
    return new Promise(resolve => {
      const limit = setTimeout(resolve, STORE_LIMIT);
      connection.publish(this.topic, payload, { qos: 1, retain: true, properties }, () => {
        clearTimeout(limit);
        resolve();
      });
    });
  }
}
