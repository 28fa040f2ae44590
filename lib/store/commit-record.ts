/**
 * A commit as bytes: what became of topics, and the facts, one entry after the other.
 *
 * Most of a store is history. So its bodies are looked at twice: once from the beginning, for what stands at their heads
 * (which brokers are meant, and the facts), and once from the end, where what is found of a topic first is all that counts.
 */

import { BatchReader, BatchWriter } from '../protocol/batch.ts';
import type { Changes, StoredState, StoredTopic, TopicEntry } from './state-store.ts';
import { type BrokerMapping, readTopic, Shared, writeTopic } from './topic-record.ts';

const TOPIC = 1;
const FORGOTTEN = 2;
const METADATA = 3;
const BROKERS = 4;

/** A body is closed when it has so many bytes, so that a large commit takes no large buffer. */
const BODY_BYTES = 512 * 1024;

export class CommitWriter {
  readonly #writer = new BatchWriter();
  /** How many brokers are known where the next record goes. */
  #width: number;

  constructor(brokers: number) {
    this.#width = brokers;
  }

  /** What a file begins with: the names of the brokers, which it knows by their indexes from there on, and the facts. */
  preamble(brokers: readonly string[], facts: ReadonlyMap<string, string>): Buffer {
    this.#brokers(brokers);
    this.#facts(facts);
    return this.#take();
  }

  /** From here on brokers are known by the indexes of these names. */
  brokers(names: readonly string[]): Buffer {
    this.#brokers(names);
    return this.#take();
  }

  /** The bodies of a commit, one at least, each with a topic once at most. */
  *bodies({ topics, metadata }: Changes): Generator<Buffer> {
    if (metadata !== undefined) this.#facts(metadata);
    for (const [topic, stored] of topics) {
      if (stored === undefined) this.#writer.u8(FORGOTTEN).text(topic);
      else this.#topic(topic, stored);
      if (this.#writer.length >= BODY_BYTES) yield this.#take();
    }
    yield this.#take();
  }

  /** As many topics as have about so many bytes; fewer, or none, where there are no more. */
  some(topics: Iterator<TopicEntry>, bytes: number): { readonly body: Buffer; readonly done: boolean } {
    while (this.#writer.length < bytes) {
      const next = topics.next();
      if (next.done === true) return { body: this.#take(), done: true };
      this.#topic(next.value[0], next.value[1]);
    }
    return { body: this.#take(), done: false };
  }

  #topic(topic: string, stored: StoredTopic): void {
    const writer = this.#writer.u8(TOPIC).text(topic);
    writer.sized(() => writeTopic(writer, stored, this.#width));
  }

  #brokers(names: readonly string[]): void {
    this.#writer.u8(BROKERS).u32(names.length);
    for (const name of names) this.#writer.text(name);
    this.#width = names.length;
  }

  #facts(facts: ReadonlyMap<string, string>): void {
    this.#writer.u8(METADATA).u32(facts.size);
    for (const [name, value] of facts) this.#writer.text(name).text(value);
  }

  #take(): Buffer {
    return Buffer.from(this.#writer.take());
  }
}

/** A record that is decoded when it is asked for, so that nothing is made twice. */
interface Unread {
  readonly body: Buffer;
  readonly at: number;
  readonly brokers: BrokerMapping;
}

/** Builds the state up: first all heads are read, in their order, then all bodies, in the reverse order. */
export class CommitReader {
  readonly #brokers: readonly string[];
  readonly #topics = new Map<string, Unread>();
  /** Later than whatever is still to be read of them. */
  readonly #forgotten = new Set<string>();
  #facts: ReadonlyMap<string, string> = new Map();
  readonly #shared = new Shared();
  /** Records that could not be decoded. */
  #unread = 0;
  #mapping: BrokerMapping;

  /** @param brokers the configured names, in the order of their indexes */
  constructor(brokers: readonly string[]) {
    this.#brokers = brokers;
    this.#mapping = mapping(brokers, brokers);
  }

  get state(): StoredState {
    return {
      topics: { [Symbol.iterator]: () => this.#decoded() },
      unread: () => this.#unread,
      metadata: this.#facts,
    };
  }

  /** Whether the brokers are those that are configured, in the same order. */
  get isUpToDate(): boolean {
    const { indexes, brokers } = this.#mapping;
    return indexes.length === brokers && indexes.every((index, number) => index === number);
  }

  /**
   * Reads what comes before the topics. Returns which brokers those know.
   * @throws RangeError for what no writer of this version wrote
   */
  readHead(body: Buffer): BrokerMapping {
    const reader = new BatchReader(body);
    for (let kind = nextKind(reader); kind === METADATA || kind === BROKERS; kind = nextKind(reader)) {
      if (kind === METADATA) this.#facts = new Map(readMetadata(reader));
      else this.#mapping = mapping(readNames(reader), this.#brokers);
    }
    return this.#mapping;
  }

  /**
   * Reads of the topics what is not known yet.
   * @param brokers as `readHead` returned them
   * @throws RangeError for what no writer of this version wrote
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
          throw new RangeError(`no entry is of kind ${kind}`);
      }
    }
  }

  #topic(reader: BatchReader, body: Buffer, brokers: BrokerMapping): void {
    const topic = reader.text();
    // Few are forgotten, if any, and a look costs more than to read a short record.
    const isKnown = this.#topics.has(topic) || (this.#forgotten.size > 0 && this.#forgotten.has(topic));
    if (!isKnown) this.#topics.set(topic, { body, at: reader.at, brokers });
    reader.passOver();
  }

  *#decoded(): Generator<TopicEntry> {
    this.#unread = 0;
    for (const [topic, unread] of this.#topics) {
      const stored = this.#read(unread);
      if (stored === undefined) this.#unread++;
      else yield [topic, stored];
    }
  }

  /** Undefined where it is no record of ours, though its commit is whole: one topic must not stop each start. */
  #read({ body, at, brokers }: Unread): StoredTopic | undefined {
    try {
      return readTopic(new BatchReader(body, at).enter(), brokers, this.#shared);
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

/** @param names as they were stored */
function mapping(names: readonly string[], brokers: readonly string[]): BrokerMapping {
  const indexes = names.map(name => brokers.indexOf(name));
  return { indexes, brokers: brokers.length };
}
