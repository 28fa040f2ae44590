/** Reads the state from the bodies of commits (commit-entries.ts). */

import type { Payload } from '../core/payload.ts';
import { BatchReader } from '../protocol/batch.ts';
import { readPayload } from '../protocol/payload.ts';
import { BROKERS, FORGOTTEN, METADATA, PAYLOAD, REFERRING_TOPIC, TOPIC } from './commit-entries.ts';
import type { StoredState, StoredTopic, TopicEntry } from './state-store.ts';
import { type BrokerMapping, readTopic, Shared } from './topic-record.ts';

/** A record that is decoded only when it is needed. */
interface Undecoded extends Place {
  readonly brokers: BrokerMapping;
}

interface Place {
  readonly body: Buffer;
  readonly offset: number;
}

/** Builds the state: reads all heads in their order first, then all bodies in reverse order. */
export class CommitReader {
  readonly #brokers: readonly string[];
  readonly #topics = new Map<string, Undecoded>();
  /** Forgotten topics: entries that are read later are older, and do not count. */
  readonly #forgotten = new Set<string>();
  #metadata: ReadonlyMap<string, string> = new Map();
  readonly #shared = new Shared();
  /** Digests of payloads that topics refer to, and that were not read yet. */
  readonly #missing = new Set<string>();
  /** Large payloads that topics refer to, by their digests. */
  readonly #payloads = new Map<string, Place>();
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
    const payloads = new Map<string, number>();
    for (let kind = nextKind(reader); kind !== undefined; kind = nextKind(reader)) {
      switch (kind) {
        case TOPIC:
          this.#topic(reader, body, brokers);
          break;
        case REFERRING_TOPIC:
          this.#referringTopic(reader, body, brokers);
          break;
        case PAYLOAD:
          payloads.set(reader.byteString(), reader.offset);
          reader.skip();
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
    for (const [digest, offset] of payloads)
      if (this.#missing.delete(digest)) this.#payloads.set(digest, { body, offset });
  }

  #topic(reader: BatchReader, body: Buffer, brokers: BrokerMapping): void {
    const topic = reader.text();
    if (!this.#isKnown(topic)) this.#topics.set(topic, { body, offset: reader.offset, brokers });
    reader.skip();
  }

  #referringTopic(reader: BatchReader, body: Buffer, brokers: BrokerMapping): void {
    const topic = reader.text();
    const digests = Array.from({ length: reader.u32() }, () => reader.byteString());
    if (!this.#isKnown(topic)) {
      this.#topics.set(topic, { body, offset: reader.offset, brokers });
      for (const digest of digests) if (!this.#payloads.has(digest)) this.#missing.add(digest);
    }
    reader.skip();
  }

  /** Few topics are forgotten, if any, and a look-up costs more than a comparison. */
  #isKnown(topic: string): boolean {
    return this.#topics.has(topic) || (this.#forgotten.size > 0 && this.#forgotten.has(topic));
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
      return readTopic(new BatchReader(body, offset).enter(), brokers, this.#shared, this.#payloadOf);
    } catch {
      return undefined;
    }
  }

  readonly #payloadOf = (digest: string): Payload => {
    const place = this.#payloads.get(digest);
    if (place === undefined) throw new RangeError(`the file has no payload of ${digest}`);
    return readPayload(new BatchReader(place.body, place.offset));
  };

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
