/**
 * Messages of QoS 2 that a broker has sent and not released. MQTT.js keeps each until its PUBREL, which may be late or missing.
 * Above a bound the broker counts as one that never sends a PUBREL.
 *
 * Over MQTT 5 the Receive Maximum bounds their number as well. Over MQTT 3.1.1 only the packet identifiers do.
 */

import { type IPublishPacket, type Packet, Store } from 'mqtt';

/** More than brokers send at once, which is some 20 to 32 messages. */
const MAX_UNRELEASED_BYTES = 128 * 2 ** 20;

/** The bound has room for at least this many of the largest payloads. */
const MIN_UNRELEASED = 4;

/** Estimated bytes of a message beside its packet, and of each user property beside its text. */
const MESSAGE_OVERHEAD_BYTES = 1024;
const PROPERTY_OVERHEAD_BYTES = 64;

/** MQTT.js puts only incoming PUBLISH packets of QoS 2 into this store. */
type Put = Parameters<Store['put']>;

export class UnreleasedMessages extends Store {
  readonly #bound: number;
  readonly #overflowed: (reason: string) => void;
  readonly #bytes = new Map<number, number>();
  #total = 0;

  /**
   * @param largestPayload bytes
   * @param overflowed called with the reason; it has to end the connection, since no more is read
   */
  constructor(largestPayload: number, overflowed: (reason: string) => void) {
    // MQTT.js still handles packets that it has parsed when the client has ended.
    super({ clean: false });
    this.#bound = Math.max(MAX_UNRELEASED_BYTES, MIN_UNRELEASED * largestPayload);
    this.#overflowed = overflowed;
  }

  override put(packet: Packet, done: Put[1]): this {
    const message = packet as IPublishPacket;
    const id = message.messageId ?? 0;
    const before = this.#bytes.get(id) ?? 0;
    const bytes = unreleasedBytes(message);
    this.#bytes.set(id, bytes);
    this.#total += bytes - before;
    if (this.#total > this.#bound) {
      const megabytes = Math.round(this.#bound / 2 ** 20);
      this.#overflowed(
        `the broker sent ${this.#bytes.size} messages of QoS 2, more than ${megabytes} MB, and has not released them`,
      );
      return this;
    }
    // The payload is a view of a chunk of the socket, and would keep the whole chunk in memory.
    message.payload = Buffer.from(message.payload as Buffer);
    return super.put(message, done);
  }

  override del(packet: Parameters<Store['del']>[0], done: Parameters<Store['del']>[1]): this {
    const id = packet.messageId ?? 0;
    this.#total -= this.#bytes.get(id) ?? 0;
    this.#bytes.delete(id);
    return super.del(packet, done);
  }
}

function unreleasedBytes({ topic, payload, length, properties }: IPublishPacket): number {
  const values = Object.values(properties?.userProperties ?? {});
  const count = values.reduce((sum, value) => sum + (Array.isArray(value) ? value.length : 1), 0);
  return (
    Math.max(length ?? 0, topic.length + payload.length) +
    MESSAGE_OVERHEAD_BYTES +
    count * PROPERTY_OVERHEAD_BYTES
  );
}
