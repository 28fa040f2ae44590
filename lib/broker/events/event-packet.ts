/**
 * The PUBLISH of an event, encoded straight from the batch in which it came. One object for all events of a connection: it holds
 * the last one.
 */

import type { PackedDelivery } from '../../protocol/packed-delivery.ts';
import type { EncodedPublish } from '../lane/encoded-publish.ts';
import { writeVariableInteger } from '../lane/packet-format.ts';

/** Most bytes of a packet beside topic, stamp and payload: the lengths, the packet identifier, and a message expiry. */
const OVERHEAD_BYTES = 5 + 2 + 2 + 4 + 5;

const QOS_1 = 0x32;
const RETAIN = 1;
const MESSAGE_EXPIRY = 2;
const USER_PROPERTY = 38;

/** Of a user property: its kind, and the lengths of its name and of its value. */
const PAIR_BYTES = 5;
const EXPIRY_BYTES = 5;

/** User properties; names and values have ASCII characters only. */
export type Stamp = Readonly<Record<string, string>>;

export class EventPacket implements EncodedPublish {
  /** Where the last packet stands. */
  buffer: Buffer = Buffer.alloc(0);
  topicAt = 0;
  topicEnd = 0;
  propertiesAt = 0;
  end = 0;
  #delivery: PackedDelivery | undefined;
  #stamp: Stamp | undefined;
  #stampBytes = 0;
  #expiry: number | undefined;
  #first = QOS_1;

  /**
   * @param stamp undefined over MQTT 3.1.1
   * @param expiry message expiry in seconds; undefined for none. MQTT 3.1.1 has none
   */
  set(delivery: PackedDelivery, stamp: Stamp | undefined, expiry: number | undefined, retain: boolean): void {
    this.#delivery = delivery;
    this.#stamp = stamp;
    this.#stampBytes = 0;
    for (const name in stamp) this.#stampBytes += PAIR_BYTES + name.length + (stamp[name]?.length ?? 0);
    this.#expiry = stamp === undefined ? undefined : expiry;
    this.#first = QOS_1 | (retain ? RETAIN : 0);
  }

  get mostBytes(): number {
    const { topicAt = 0, topicEnd = 0, payloadAt = 0, payloadEnd = 0 } = this.#delivery ?? {};
    return OVERHEAD_BYTES + topicEnd - topicAt + this.#stampBytes + payloadEnd - payloadAt;
  }

  encode(buffer: Buffer, start: number, id: number): number {
    const delivery = this.#delivery;
    if (delivery === undefined) return start;
    const { bytes, topicAt, topicEnd, payloadAt, payloadEnd } = delivery;
    const topicBytes = topicEnd - topicAt;
    const propertyBytes = this.#stampBytes + (this.#expiry === undefined ? 0 : EXPIRY_BYTES);
    const lengthBytes = this.#stamp === undefined ? 0 : propertyBytes < 0x80 ? 1 : 2;
    const remaining = 2 + topicBytes + 2 + lengthBytes + propertyBytes + payloadEnd - payloadAt;
    buffer[start] = this.#first;
    let at = writeVariableInteger(buffer, start + 1, remaining);
    at = u16(buffer, at, topicBytes);
    this.topicAt = at;
    bytes.copy(buffer, at, topicAt, topicEnd);
    at += topicBytes;
    this.topicEnd = at;
    at = u16(buffer, at, id);
    if (this.#stamp !== undefined) at = writeVariableInteger(buffer, at, propertyBytes);
    this.propertiesAt = at;
    if (this.#stamp !== undefined) at = this.#properties(buffer, at, this.#stamp);
    bytes.copy(buffer, at, payloadAt, payloadEnd);
    this.buffer = buffer;
    this.end = at + payloadEnd - payloadAt;
    return this.end;
  }

  #properties(buffer: Buffer, start: number, stamp: Stamp): number {
    let at = start;
    if (this.#expiry !== undefined) {
      buffer[at] = MESSAGE_EXPIRY;
      at = buffer.writeUInt32BE(this.#expiry, at + 1);
    }
    for (const name in stamp) {
      buffer[at] = USER_PROPERTY;
      at = ascii(buffer, at + 1, name);
      at = ascii(buffer, at, stamp[name] ?? '');
    }
    return at;
  }
}

/** Each returns where the next value goes. */
function u16(buffer: Buffer, at: number, value: number): number {
  buffer[at] = value >> 8;
  buffer[at + 1] = value & 0xff;
  return at + 2;
}

/** A call into Node for such a short text costs more. */
function ascii(buffer: Buffer, start: number, text: string): number {
  const at = u16(buffer, start, text.length);
  for (let index = 0; index < text.length; index++) buffer[at + index] = text.charCodeAt(index);
  return at + text.length;
}
