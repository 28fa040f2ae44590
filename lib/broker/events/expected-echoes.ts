/**
 * Our publishes on one connection whose echoes are still to come, as the bytes that were written. A message that has the topic, the
 * properties and the payload of one of them, byte for byte, is its echo: the stamp is among these bytes, so nothing has to be parsed
 * or hashed. Any other message is judged by its stamp: one of before, one whose broker changes the order of properties or the
 * message expiry, and one that is no echo at all.
 *
 * Echoes come in the order of the publishes. So a message is compared with the first one only.
 */

import type { ReceivedMessage } from '../lane/received-message.ts';
import { DecodedMessage } from '../lane/received-message.ts';
import type { EventPacket } from './event-packet.ts';

/** A power of two, and more than a window. */
const PLACES = 2_048;
const MASK = PLACES - 1;

/** What is kept for comparison; the oldest publishes beyond it are not expected here any more. */
const MAX_BYTES = 1024 * 1024;

export class ExpectedEchoes {
  readonly #seqs = new Float64Array(PLACES);
  readonly #bytes: (Buffer | undefined)[] = [];
  readonly #topicAt = new Uint32Array(PLACES);
  readonly #topicEnd = new Uint32Array(PLACES);
  readonly #propertiesAt = new Uint32Array(PLACES);
  readonly #end = new Uint32Array(PLACES);
  /** The numbers of the first one, and of the next one to come. */
  #first = 0;
  #next = 0;
  #kept = 0;

  expect(seq: number, { buffer, topicAt, topicEnd, propertiesAt, end }: EventPacket): void {
    if (this.#next - this.#first === PLACES) this.#forget();
    const place = this.#next++ & MASK;
    this.#seqs[place] = seq;
    this.#bytes[place] = buffer;
    this.#topicAt[place] = topicAt;
    this.#topicEnd[place] = topicEnd;
    this.#propertiesAt[place] = propertiesAt;
    this.#end[place] = end;
    this.#kept += end - topicAt;
    while (this.#kept > MAX_BYTES) this.#forget();
  }

  /** The event whose echo the message is; 0 if its bytes do not tell. */
  match(message: ReceivedMessage): number {
    if (this.#first === this.#next || !(message instanceof DecodedMessage)) return 0;
    const place = this.#first & MASK;
    const bytes = this.#bytes[place];
    const { topicAt, topicEnd, propertiesAt, end } = message;
    const ownTopicAt = this.#topicAt[place] as number;
    const ownTopicEnd = this.#topicEnd[place] as number;
    const ownPropertiesAt = this.#propertiesAt[place] as number;
    const ownEnd = this.#end[place] as number;
    if (bytes === undefined || topicEnd - topicAt !== ownTopicEnd - ownTopicAt) return 0;
    if (end - propertiesAt !== ownEnd - ownPropertiesAt) return 0;
    if (bytes.compare(message.bytes, propertiesAt, end, ownPropertiesAt, ownEnd) !== 0) return 0;
    if (bytes.compare(message.bytes, topicAt, topicEnd, ownTopicAt, ownTopicEnd) !== 0) return 0;
    this.#forget();
    return this.#seqs[place] as number;
  }

  /** The echo of this event has come, as its stamp proves. Those before it will be judged by their stamps. */
  came(seq: number): void {
    while (this.#first < this.#next && (this.#seqs[this.#first & MASK] as number) <= seq) this.#forget();
  }

  #forget(): void {
    const place = this.#first++ & MASK;
    this.#bytes[place] = undefined;
    this.#kept -= (this.#end[place] as number) - (this.#topicAt[place] as number);
  }
}
