/** Writes commits as bytes (commit-entries.ts). */

import type { LargePayload } from '../core/payload.ts';
import type { Message } from '../core/register.ts';
import { BatchWriter } from '../protocol/batch.ts';
import { messageDigestOf } from '../protocol/message-digest.ts';
import { BROKERS, FORGOTTEN, METADATA, PAYLOAD, REFERRING_TOPIC, TOPIC } from './commit-entries.ts';
import type { Changes, StoredTopic, TopicEntry } from './state-store.ts';
import { storedMessages, writeTopic } from './topic-record.ts';
import type { WrittenPayloads } from './written-payloads.ts';

/** A body is closed when it reaches this size, so that a large commit needs no large buffer. */
const BODY_BYTES = 512 * 1024;

/** The large payloads that stand in the file, or in each of the files, that are written to. */
export type PayloadsThere = Pick<WrittenPayloads, 'has' | 'add'>;

/** One body of a commit. */
export interface CommitBody {
  /** Until the next body is asked for: all bodies are written in the same memory. */
  readonly body: Buffer;
  readonly isLast: boolean;
}

/** Each body that it returns is a view of its memory, until the next one is asked for. */
export class CommitWriter {
  readonly #writer = new BatchWriter();
  /** The number of brokers that the file knows where the next record goes. */
  #brokerCount: number;

  constructor(brokers: number) {
    this.#brokerCount = brokers;
  }

  /** The beginning of a file: the names of the brokers, by index, and the metadata. */
  preamble(brokers: readonly string[], metadata: ReadonlyMap<string, string>): Buffer {
    this.#writer.clear();
    this.#brokers(brokers);
    this.#metadata(metadata);
    return this.#writer.written;
  }

  /** From here on the indexes of brokers are those of these names. */
  brokers(names: readonly string[]): Buffer {
    this.#writer.clear();
    this.#brokers(names);
    return this.#writer.written;
  }

  /**
   * The bodies of a commit, at least one. No topic stands twice in them.
   * @param written the large payloads that stand in the file already; told of those that these bodies add
   */
  *bodies({ topics, metadata }: Changes, written: PayloadsThere): Generator<CommitBody> {
    const writer = this.#writer;
    writer.clear();
    if (metadata !== undefined) this.#metadata(metadata);
    for (const [topic, stored] of topics) {
      if (writer.length >= BODY_BYTES) {
        yield { body: writer.written, isLast: false };
        writer.clear();
      }
      if (stored === undefined) writer.u8(FORGOTTEN).text(topic);
      else this.#topic(topic, stored, written);
    }
    yield { body: writer.written, isLast: true };
    // A large buffer is given back now, and not with the next commit.
    writer.clear();
  }

  /** Topics with about so many bytes together; fewer, or none, if there are no more. */
  some(topics: Iterator<TopicEntry>, bytes: number, written: PayloadsThere): CommitBody {
    this.#writer.clear();
    while (this.#writer.length < bytes) {
      const next = topics.next();
      if (next.done === true) return { body: this.#writer.written, isLast: true };
      this.#topic(next.value[0], next.value[1], written);
    }
    return { body: this.#writer.written, isLast: false };
  }

  #topic(topic: string, stored: StoredTopic, written: PayloadsThere): void {
    const writer = this.#writer;
    const messages = storedMessages(stored.register);
    const large = largePayloads(messages);
    writer.u8(large.length === 0 ? TOPIC : REFERRING_TOPIC).text(topic);
    if (large.length > 0) writer.u32(large.length);
    for (const payload of large) writer.byteString(messageDigestOf(payload));
    const start = writer.begin();
    writeTopic(writer, stored, messages, this.#brokerCount);
    writer.end(start);
    for (const payload of large) {
      if (written.has(payload)) continue;
      writer.u8(PAYLOAD).byteString(messageDigestOf(payload)).bytes(payload.bytes);
      written.add(payload);
    }
  }

  #brokers(names: readonly string[]): void {
    this.#writer.u8(BROKERS).u32(names.length);
    for (const name of names) this.#writer.text(name);
    this.#brokerCount = names.length;
  }

  #metadata(metadata: ReadonlyMap<string, string>): void {
    this.#writer.u8(METADATA).u32(metadata.size);
    for (const [name, value] of metadata) this.#writer.text(name).text(value);
  }
}

const NO_PAYLOADS: readonly LargePayload[] = [];

function largePayloads(messages: readonly Message[]): readonly LargePayload[] {
  let large = NO_PAYLOADS;
  for (const { payload } of messages)
    if (typeof payload === 'object' && !large.includes(payload)) large = [...large, payload];
  return large;
}
