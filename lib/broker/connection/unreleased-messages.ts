/**
 * Messages of QoS 2 that a broker has sent and not released: MQTT.js keeps each until its PUBREL, of which nothing says when
 * it comes. Beyond a bound the broker is taken for one that never sends any.
 *
 * Over MQTT 5 the Receive Maximum bounds their number as well; over MQTT 3.1.1 only the packet identifiers do.
 */

import { type IPublishPacket, type Packet, Store } from 'mqtt';

/** More than brokers send at once: of mosquitto that is 20 messages, of EMQX 32. */
const UNRELEASED_BYTES = 128 * 2 ** 20;

/** However large payloads may be, there is room for so many. */
const MIN_UNRELEASED = 4;

/** Bytes of a message besides its packet, about; and of each user property besides its text. */
const MESSAGE_BYTES = 1024;
const PROPERTY_BYTES = 64;

/** What a store is given to put: MQTT.js puts nothing else into the one for what comes in. */
type Put = Parameters<Store['put']>;

export class UnreleasedMessages extends Store {
  readonly #bound: number;
  readonly #overflowed: (what: string) => void;
  readonly #bytes = new Map<number, number>();
  #total = 0;

  /**
   * @param largestPayload bytes
   * @param overflowed told what there is too much of; the connection is to be ended, since nothing more is read
   */
  constructor(largestPayload: number, overflowed: (what: string) => void) {
    // MQTT.js goes on with packets that it has parsed when the client has ended.
    super({ clean: false });
    this.#bound = Math.max(UNRELEASED_BYTES, MIN_UNRELEASED * largestPayload);
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
    // A payload is a part of what was read from the socket, all of which it would keep.
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
  return Math.max(length ?? 0, topic.length + payload.length) + MESSAGE_BYTES + count * PROPERTY_BYTES;
}
