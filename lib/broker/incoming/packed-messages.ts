/**
 * Messages that wait to be sent, packed as they arrive: no message is kept as an object. A newer message may take the place of an
 * older one of its topic, if nothing is lost by that. The older one stays in the buffer then, and is left out of the batch.
 *
 * The reconciler is told of the last few retained messages that were left out: the broker held each of them for a moment, and may
 * come back with one after a power loss.
 */

import { BatchWriter } from '../../protocol/batch.ts';
import { isItsOwnDigest, messageDigestOfBytes } from '../../protocol/message-digest.ts';
import {
  CONFLATED_COUNT_AT,
  type Findings,
  writeObservation,
  writeObservationOf,
} from '../../protocol/observation.ts';
import { DecodedMessage, type ReceivedMessage } from '../lane/received-message.ts';

/** Most messages of one topic that the reconciler is told of: it remembers no more. */
const MAX_CONFLATED = 8;

/** The length of a text or of bytes in a batch, and where the topic of an observation begins with it. */
const LENGTH_BYTES = 4;
const TOPIC_AT = 2;

/** Columns that are kept for the next batch at most. */
const MAX_KEPT_COLUMNS = 256 * 1024;

/** The columns of a record: where it begins and ends, and its payload with its length. Digests follow the payload. */
const START = 0;
const PAYLOAD = 1;
const PAYLOAD_END = 2;
const END = 3;
/** The record of the message that this one replaced, or NONE. */
const REPLACED = 4;
/** 1 if a newer message has replaced this one. */
const IS_LEFT_OUT = 5;
const COLUMNS = 6;

const NONE = -1;

export class PackedMessages {
  readonly #writer = new BatchWriter();
  /** By topic, the record of the newest message whose place another one may take. */
  readonly #newest = new Map<string, number>();
  /** The records of such messages, in the order of arrival: numbers, since objects would outlive a young generation. */
  #records = new Int32Array(64 * COLUMNS);
  #length = 0;
  #leftOutBytes = 0;
  #leftOut = 0;
  #count = 0;

  /** Bytes of the messages that will be sent. */
  get bytes(): number {
    return this.#writer.length - this.#leftOutBytes;
  }

  /** Bytes in memory. */
  get packedBytes(): number {
    return this.#writer.length;
  }

  /** Messages since the last batch, with those that newer ones replaced. */
  get count(): number {
    return this.#count;
  }

  /** Messages that will be sent. */
  get waiting(): number {
    return this.#count - this.#leftOut;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Adds a message that replaces no other. */
  add(message: ReceivedMessage, findings: Findings): void {
    this.#count++;
    const writer = this.#writer;
    if (message instanceof DecodedMessage && !message.hasOtherName)
      writeObservationOf(writer, message, findings);
    else writeObservation(writer, { ...findings, topic: message.topic, payload: message.payload });
  }

  /** Adds a message in the place of an older one of its topic. Returns whether there was one. */
  addNewest(message: ReceivedMessage, findings: Findings): boolean {
    const { topic, retain } = message;
    // A broker keeps a retained message and transient ones apart.
    const key = retain ? topic : `\0${topic}`;
    const older = this.#newest.get(key) ?? NONE;
    const record = this.#length;
    if (record === this.#records.length) this.#grow();
    const records = this.#records;
    const start = this.#writer.length;
    this.add(message, findings);
    const { written } = this.#writer;
    const payload = start + TOPIC_AT + LENGTH_BYTES + written.readUInt32LE(start + TOPIC_AT);
    records[record + START] = start;
    records[record + PAYLOAD] = payload;
    records[record + PAYLOAD_END] = payload + LENGTH_BYTES + written.readUInt32LE(payload);
    records[record + END] = written.length;
    records[record + REPLACED] = retain ? older : NONE;
    records[record + IS_LEFT_OUT] = 0;
    this.#length += COLUMNS;
    this.#newest.set(key, record);
    if (older === NONE) return false;
    records[older + IS_LEFT_OUT] = 1;
    this.#leftOut++;
    this.#leftOutBytes += (records[older + END] as number) - (records[older + START] as number);
    return true;
  }

  /** Returns the batch, of exact size, and forgets the messages. */
  take(): ArrayBuffer {
    const batch = this.#leftOut === 0 ? this.#writer.take() : this.#compose();
    this.clear();
    return batch;
  }

  clear(): void {
    this.#writer.clear();
    if (this.#length > 0) this.#newest.clear();
    if (this.#records.length > MAX_KEPT_COLUMNS) this.#records = new Int32Array(64 * COLUMNS);
    this.#length = 0;
    this.#leftOutBytes = 0;
    this.#leftOut = 0;
    this.#count = 0;
  }

  /** The batch without the messages that were replaced. */
  #compose(): ArrayBuffer {
    const packed = this.#writer.written;
    const digests = this.#digests(packed);
    let size = this.bytes;
    for (const digest of digests.values()) size += LENGTH_BYTES + digest.length;
    const batch = new ArrayBuffer(size);
    const into = Buffer.from(batch);
    let [from, to] = [0, 0];
    const records = this.#records;
    for (let record = 0; record < this.#length; record += COLUMNS) {
      const isLeftOut = records[record + IS_LEFT_OUT] === 1;
      if (!isLeftOut && records[record + REPLACED] === NONE) continue;
      const until = records[record + (isLeftOut ? START : PAYLOAD_END)] as number;
      if (until > from) to += packed.copy(into, to, from, until);
      from = isLeftOut ? (records[record + END] as number) : until;
      if (isLeftOut) continue;
      const replaced = this.#replacedBy(record);
      const start = records[record + START] as number;
      into[to - (until - start) + CONFLATED_COUNT_AT] = replaced.length;
      for (const one of replaced) {
        const digest = digests.get(one) ?? packed;
        to = into.writeUInt32LE(digest.length, to);
        to += digest.copy(into, to);
      }
    }
    packed.copy(into, to, from);
    return batch;
  }

  /** The digests of messages that were replaced, by their records. */
  #digests(packed: Buffer): ReadonlyMap<number, Buffer> {
    const digests = new Map<number, Buffer>();
    for (const record of this.#newest.values())
      for (const one of this.#replacedBy(record)) digests.set(one, this.#digestOf(packed, one));
    return digests;
  }

  /** The last retained messages whose place this one took, the oldest first. */
  #replacedBy(record: number): readonly number[] {
    const replaced: number[] = [];
    let one = this.#records[record + REPLACED] as number;
    for (; one !== NONE && replaced.length < MAX_CONFLATED; one = this.#records[one + REPLACED] as number)
      replaced.push(one);
    return replaced.reverse();
  }

  /** As a byte string. */
  #digestOf(packed: Buffer, record: number): Buffer {
    const start = (this.#records[record + PAYLOAD] as number) + LENGTH_BYTES;
    const payload = packed.subarray(start, this.#records[record + PAYLOAD_END]);
    return isItsOwnDigest(payload) ? payload : Buffer.from(messageDigestOfBytes(payload), 'latin1');
  }

  #grow(): void {
    const larger = new Int32Array(this.#records.length * 2);
    larger.set(this.#records);
    this.#records = larger;
  }
}
