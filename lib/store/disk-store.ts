/**
 * A store on disk: LevelDB, which writes a batch whole or not at all, and locks its folder against a second
 * process. Topics and facts are told apart by the first character of their keys.
 */

import { ClassicLevel } from 'classic-level';
import { BatchWriter } from '../protocol/batch.ts';
import { BrokerNumbers } from './broker-numbers.ts';
import type { Changes, StateStore, StoredState, StoredTopic } from './state-store.ts';
import { DamagedStoreError, reasonOf, StoreInUseError, StoreUnavailableError } from './store-errors.ts';
import { readTopic, writeTopic } from './topic-record.ts';

type Database = ClassicLevel<string, Buffer>;

const TOPIC = 't';
const FACT = 'f';

/** The fact that holds which numbers the records know brokers by. */
const BROKERS = 'brokers';

/** Entries read at once. */
const READ_BATCH = 1_000;

export class DiskStore implements StateStore {
  readonly place: string;
  readonly isLasting = true;
  readonly #database: Database;
  readonly #brokers: readonly string[];
  readonly #writer = new BatchWriter();
  #numbers: BrokerNumbers;
  /** Commits take effect in the order of the calls. */
  #last: Promise<void> = Promise.resolve();

  private constructor(place: string, database: Database, brokers: readonly string[]) {
    this.place = place;
    this.#database = database;
    this.#brokers = brokers;
    this.#numbers = new BrokerNumbers([], brokers);
  }

  /**
   * @param brokers the names of the brokers, in the order of their indexes
   * @throws StoreInUseError, StoreUnavailableError, DamagedStoreError
   */
  static async open(place: string, brokers: readonly string[]): Promise<DiskStore> {
    const database: Database = new ClassicLevel(place, { keyEncoding: 'utf8', valueEncoding: 'buffer' });
    try {
      await database.open();
    } catch (error) {
      throw openError(place, error);
    }
    return new DiskStore(place, database, brokers);
  }

  async load(): Promise<StoredState> {
    const topics = new Map<string, StoredTopic>();
    const facts = new Map<string, string>();
    let unreadable = 0;
    for await (const [key, value] of this.#entries()) {
      const name = key.slice(1);
      if (key.startsWith(FACT)) {
        // Facts come before topics, by the order of keys.
        facts.set(name, value.toString());
        if (name === BROKERS) this.#numbers = new BrokerNumbers(JSON.parse(value.toString()), this.#brokers);
        continue;
      }
      try {
        topics.set(name, readTopic(value, this.#numbers));
      } catch {
        unreadable++;
      }
    }
    return { topics, facts, unreadable };
  }

  commit(changes: Changes, done: (error?: Error) => void): void {
    const batch = this.#database.batch();
    for (const [topic, stored] of changes.topics) {
      if (stored === undefined) batch.del(TOPIC + topic);
      else batch.put(TOPIC + topic, this.#record(stored));
    }
    for (const [name, value] of changes.facts) batch.put(FACT + name, Buffer.from(value));
    batch.put(FACT + BROKERS, Buffer.from(JSON.stringify(this.#numbers.names)));
    this.#last = this.#last
      .then(() => batch.write({ sync: true }))
      .then(
        () => done(),
        (error: Error) => done(new StoreUnavailableError(this.place, reasonOf(error))),
      );
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#database.close();
  }

  #record(stored: StoredTopic): Buffer {
    writeTopic(this.#writer, stored, this.#numbers);
    return Buffer.from(this.#writer.take());
  }

  async *#entries(): AsyncGenerator<[key: string, value: Buffer]> {
    const iterator = this.#database.iterator();
    try {
      for (
        let batch = await iterator.nextv(READ_BATCH);
        batch.length > 0;
        batch = await iterator.nextv(READ_BATCH)
      ) {
        yield* batch;
      }
    } catch (error) {
      throw new DamagedStoreError(this.place, reasonOf(error));
    } finally {
      await iterator.close();
    }
  }
}

function openError(place: string, error: unknown): Error {
  const code = (error as { cause?: { code?: string } }).cause?.code;
  if (code === 'LEVEL_LOCKED') return new StoreInUseError(place);
  if (code === 'LEVEL_CORRUPTION') return new DamagedStoreError(place, reasonOf(error));
  return new StoreUnavailableError(place, reasonOf(error));
}
