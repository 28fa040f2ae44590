/**
 * A commit as bytes: a sequence of entries for topics, metadata and the names of brokers.
 *
 * Most of a store is history. So a reader goes through the bodies twice: once from the beginning, for the metadata and the
 * brokers at their heads, and once from the end, where the first entry of a topic is the only one that counts.
 */

import { BatchReader, BatchWriter } from '../protocol/batch.ts';
import type { Changes, StoredState, StoredTopic, TopicEntry } from './state-store.ts';
import { type BrokerMapping, readTopic, Shared, writeTopic } from './topic-record.ts';

const TOPIC = 1;
const FORGOTTEN = 2;
const METADATA = 3;
const BROKERS = 4;

/** A body is closed when it reaches this size, so that a large commit needs no large buffer. */
const BODY_BYTES = 512 * 1024;

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

  /** The bodies of a commit, at least one. No topic stands twice in them. */
  *bodies({ topics, metadata }: Changes): Generator<CommitBody> {
    const writer = this.#writer;
    writer.clear();
    if (metadata !== undefined) this.#metadata(metadata);
    for (const [topic, stored] of topics) {
      if (writer.length >= BODY_BYTES) {
        yield { body: writer.written, isLast: false };
        writer.clear();
      }
      if (stored === undefined) writer.u8(FORGOTTEN).text(topic);
      else this.#topic(topic, stored);
    }
    yield { body: writer.written, isLast: true };
    // A large buffer is given back now, and not with the next commit.
    writer.clear();
  }

  /** Topics with about so many bytes together; fewer, or none, if there are no more. */
  some(topics: Iterator<TopicEntry>, bytes: number): CommitBody {
    this.#writer.clear();
    while (this.#writer.length < bytes) {
      const next = topics.next();
      if (next.done === true) return { body: this.#writer.written, isLast: true };
      this.#topic(next.value[0], next.value[1]);
    }
    return { body: this.#writer.written, isLast: false };
  }

  #topic(topic: string, stored: StoredTopic): void {
    const start = this.#writer.u8(TOPIC).text(topic).begin();
    writeTopic(this.#writer, stored, this.#brokerCount);
    this.#writer.end(start);
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

/** A record that is decoded only when it is needed. */
interface Undecoded {
  readonly body: Buffer;
  readonly offset: number;
  readonly brokers: BrokerMapping;
}

/** Builds the state: reads all heads in their order first, then all bodies in reverse order. */
export class CommitReader {
  readonly #brokers: readonly string[];
  readonly #topics = new Map<string, Undecoded>();
  /** Forgotten topics: entries that are read later are older, and do not count. */
  readonly #forgotten = new Set<string>();
  #metadata: ReadonlyMap<string, string> = new Map();
  readonly #shared = new Shared();
  /** Records that could not be decoded. */
  #unreadable = 0;
  #mapping: BrokerMapping;

  /** @param brokers the configured names, in the order of their indexes */
  constructor(brokers: readonly string[]) {
    this.#brokers = brokers;
    this.#mapping = mapping(brokers, brokers);
  }

  get state(): StoredState {
    return {
      topics: { [Symbol.iterator]: () => this.#decoded() },
      unread: () => this.#unreadable,
      metadata: this.#metadata,
    };
  }

  /** Whether the file knows exactly the configured brokers, in the same order. */
  get isUpToDate(): boolean {
    const { indexes, brokers } = this.#mapping;
    return indexes.length === brokers && indexes.every((index, number) => index === number);
  }

  /**
   * Reads the entries before the topics. Returns the brokers that the topics of this body refer to.
   * @throws RangeError if no writer of this version wrote it
   */
  readHead(body: Buffer): BrokerMapping {
    const reader = new BatchReader(body);
    for (let kind = nextKind(reader); kind === METADATA || kind === BROKERS; kind = nextKind(reader)) {
      if (kind === METADATA) this.#metadata = new Map(readMetadata(reader));
      else this.#mapping = mapping(readNames(reader), this.#brokers);
    }
    return this.#mapping;
  }

  /**
   * Reads the topics that no later body has an entry of.
   * @param brokers as `readHead` returned them
   * @throws RangeError if no writer of this version wrote it
   */
  readTopics(body: Buffer, brokers: BrokerMapping): void {
    const reader = new BatchReader(body);
    for (let kind = nextKind(reader); kind !== undefined; kind = nextKind(reader)) {
      switch (kind) {
        case TOPIC:
          this.#topic(reader, body, brokers);
          break;
        case FORGOTTEN:
          this.#forget(reader.text());
          break;
        case METADATA:
          readMetadata(reader);
          break;
        case BROKERS:
          readNames(reader);
          break;
        default:
          throw new RangeError(`there is no kind of entry ${kind}`);
      }
    }
  }

  #topic(reader: BatchReader, body: Buffer, brokers: BrokerMapping): void {
    const topic = reader.text();
    // Few topics are forgotten, if any, and a look-up costs more than a comparison.
    const isKnown = this.#topics.has(topic) || (this.#forgotten.size > 0 && this.#forgotten.has(topic));
    if (!isKnown) this.#topics.set(topic, { body, offset: reader.offset, brokers });
    reader.skip();
  }

  *#decoded(): Generator<TopicEntry> {
    this.#unreadable = 0;
    for (const [topic, undecoded] of this.#topics) {
      const stored = this.#read(undecoded);
      if (stored === undefined) this.#unreadable++;
      else yield [topic, stored];
    }
  }

  /** Undefined if a record cannot be decoded, though its commit is valid: a single topic must not prevent each start. */
  #read({ body, offset, brokers }: Undecoded): StoredTopic | undefined {
    try {
      return readTopic(new BatchReader(body, offset).enter(), brokers, this.#shared);
    } catch {
      return undefined;
    }
  }

  #forget(topic: string): void {
    if (!this.#topics.has(topic)) this.#forgotten.add(topic);
  }
}

/** Undefined at the end. */
function nextKind(reader: BatchReader): number | undefined {
  return reader.done ? undefined : reader.u8();
}

function readMetadata(reader: BatchReader): [string, string][] {
  return Array.from({ length: reader.u32() }, () => [reader.text(), reader.text()]);
}

function readNames(reader: BatchReader): string[] {
  return Array.from({ length: reader.u32() }, () => reader.text());
}

/** @param names as they are stored */
function mapping(names: readonly string[], brokers: readonly string[]): BrokerMapping {
  const indexes = names.map(name => brokers.indexOf(name));
  return { indexes, brokers: brokers.length };
}
