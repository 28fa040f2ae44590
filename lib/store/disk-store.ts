/**
 * A store on disk: a log of commits, which is compacted into a new file when most of it is history.
 *
 * The reconciler holds every register in memory. So the store only has to append changes, and to return everything at the
 * start. The new file is written in steps, one after each commit, and meanwhile gets each commit too. When it is complete,
 * it is renamed and the old file is removed.
 */

import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CommitWriter, type PayloadsThere } from './commit-writer.ts';
import { FrameLog } from './frame-log.ts';
import { readState, understoodState } from './read-state.ts';
import type { Changes, Recalled, StateStore, StoredState, TopicEntry } from './state-store.ts';
import { DamagedStoreError, reasonOf, StoreUnavailableError, UnknownStoreError } from './store-errors.ts';
import { incompletePath, statePath, syncFolder, tidyFolder } from './store-files.ts';
import type { StoreLock } from './store-lock.ts';
import { WrittenPayloads } from './written-payloads.ts';

/** A file is compacted at this multiple of its first size, plus COMPACTION_SLACK_BYTES. */
const COMPACTION_GROWTH_FACTOR = 3;
const COMPACTION_SLACK_BYTES = 4 * 1024 * 1024;

/** After a commit, this multiple of its bytes is copied to the new file, and no less than MIN_COPY_BYTES. */
const COPY_FACTOR = 4;
const MIN_COPY_BYTES = 256 * 1024;

/** Bytes copied between two calls of `sync`. */
const COPY_CHUNK_BYTES = 512 * 1024;

/** A new file that is not complete yet. */
interface Copy {
  readonly log: FrameLog;
  /** The topics that are not in it yet. */
  readonly topics: Iterator<TopicEntry>;
  readonly payloads: WrittenPayloads;
}

export class DiskStore implements StateStore {
  readonly place: string;
  readonly isLasting = true;
  #brokers: readonly string[];
  /** The names in the file are not those of the present brokers. */
  #hasNewBrokers = false;
  readonly #lock: StoreLock | undefined;
  readonly #writer: CommitWriter;
  /** Undefined if there is no file to append to: the next commit creates one. */
  #log: FrameLog | undefined;
  /** The large payloads that stand in the present file, as far as is known: after a start none is. */
  #payloads = new WrittenPayloads();
  /** The number in the name of the present file; 0 if there is none. */
  #number = 0;
  /** The file is compacted when it reaches this size in bytes. */
  #compactionSize = 0;
  #copy: Copy | undefined;
  #metadata: ReadonlyMap<string, string> = new Map();
  /** The last operation: operations run one by one, in the order of the calls. */
  #last: Promise<void> = Promise.resolve();

  /**
   * @param folder an existing folder that no other process uses
   * @param brokers the names of the brokers, by index
   * @param lock released when the store is closed
   */
  constructor(folder: string, brokers: readonly string[], lock?: StoreLock) {
    this.place = folder;
    this.#brokers = brokers;
    this.#writer = new CommitWriter(brokers.length);
    this.#lock = lock;
  }

  /** @throws DamagedStoreError, UnknownStoreError, StoreUnavailableError */
  async load(recalled: Recalled = () => undefined): Promise<StoredState> {
    await this.#last;
    try {
      return await this.#read(recalled);
    } catch (error) {
      if (error instanceof DamagedStoreError || error instanceof UnknownStoreError) throw error;
      throw new StoreUnavailableError(this.place, reasonOf(error));
    }
  }

  commit(changes: Changes, done: (error?: Error) => void): void {
    let size = 0;
    this.#last = this.#last
      .then(() => this.#store(changes))
      .then(
        written => {
          size = written;
          done();
        },
        (error: unknown) => done(new StoreUnavailableError(this.place, reasonOf(error))),
      )
      .then(() => this.#compact(changes, Math.max(MIN_COPY_BYTES, size * COPY_FACTOR)));
  }

  /** Renames a damaged file and returns the new path. Afterwards the store is empty. */
  async setAside(): Promise<string> {
    const aside = join(this.place, `damaged-${new Date().toISOString().replaceAll(':', '-')}.log`);
    try {
      await rename(this.#path(this.#number), aside);
    } catch (error) {
      throw new StoreUnavailableError(this.place, `it is damaged and cannot be renamed: ${reasonOf(error)}`);
    }
    return aside;
  }

  useBrokers(names: readonly string[]): void {
    this.#last = this.#last.then(() => {
      this.#brokers = names;
      this.#hasNewBrokers = true;
    });
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#abandonCopy();
    await this.#log?.close();
    await this.#lock?.release();
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────

  async #read(recalled: Recalled): Promise<StoredState> {
    this.#number = await tidyFolder(this.place);
    if (this.#number === 0) return { topics: [], metadata: new Map() };
    const log = this.#log ?? (await FrameLog.open(this.#path(this.#number)));
    this.#log = undefined;
    const reader = await readState(log, this.#brokers, recalled).catch(async (error: Error) => {
      await log.close();
      throw error;
    });
    this.#metadata = reader.state.metadata;
    if (reader.isUpToDate) this.#appendTo(log);
    // The brokers have changed: the file lacks new ones and has removed ones, so the next commit creates a new file.
    else await log.close();
    return understoodState(log, reader.state);
  }

  // ── writing ────────────────────────────────────────────────────────────────────────────────────────

  /** Returns the number of bytes written. */
  async #store(changes: Changes): Promise<number> {
    const log = this.#log;
    const metadata = changes.metadata ?? this.#metadata;
    if (log === undefined) {
      await this.#createFile(changes, metadata);
      this.#hasNewBrokers = false;
      this.#metadata = metadata;
      return 0;
    }
    const before = log.size;
    try {
      await this.#append(log, changes);
      await log.sync();
      this.#payloads.keep();
    } catch (error) {
      log.rewind();
      this.#payloads.discard();
      await this.#abandonCopy();
      throw error;
    }
    this.#hasNewBrokers = false;
    this.#metadata = metadata;
    return log.size - before;
  }

  async #append(log: FrameLog, changes: Changes): Promise<void> {
    if (this.#hasNewBrokers) await this.#appendFrame(log, 'part', this.#writer.brokers(this.#brokers));
    for (const { body, isLast } of this.#writer.bodies(changes, this.#written()))
      await this.#appendFrame(log, isLast ? 'commit' : 'part', body);
  }

  /** What stands in the present file, and in the new one that is being written. */
  #written(): PayloadsThere {
    const files = [this.#payloads, ...(this.#copy === undefined ? [] : [this.#copy.payloads])];
    return {
      has: payload => files.every(file => file.has(payload)),
      add: payload => {
        for (const file of files) file.add(payload);
      },
    };
  }

  async #appendFrame(log: FrameLog, kind: 'part' | 'commit', body: Buffer): Promise<void> {
    await log.append(kind, body);
    try {
      await this.#copy?.log.append(kind, body);
    } catch {
      await this.#abandonCopy();
    }
  }

  // ── a new file ─────────────────────────────────────────────────────────────────────────────────────

  /** Writes a whole new file: there is none that can be appended to. */
  async #createFile(changes: Changes, metadata: ReadonlyMap<string, string>): Promise<void> {
    try {
      await this.#beginCopy(changes, metadata);
      await this.#continueCopy(Number.POSITIVE_INFINITY);
    } catch (error) {
      await this.#abandonCopy();
      throw error;
    }
  }

  /** Begins or continues a new file if the present one is large enough. An error does not affect the present file. */
  async #compact(changes: Changes, bytes: number): Promise<void> {
    const size = this.#log?.size ?? 0;
    if (this.#copy === undefined && size < this.#compactionSize) return;
    try {
      if (this.#copy === undefined) await this.#beginCopy(changes, this.#metadata);
      await this.#continueCopy(bytes);
    } catch {
      await this.#abandonCopy();
      this.#compactionSize = size + Math.max(COMPACTION_SLACK_BYTES, size / 4);
    }
  }

  async #beginCopy({ all }: Changes, metadata: ReadonlyMap<string, string>): Promise<void> {
    const log = await FrameLog.create(incompletePath(this.place, this.#number + 1));
    this.#copy = { log, topics: all.entries(), payloads: new WrittenPayloads() };
    await log.append('commit', this.#writer.preamble(this.#brokers, metadata));
  }

  /** Copies so many bytes. After the last ones the new file takes the place of the old one. */
  async #continueCopy(bytes: number): Promise<void> {
    for (let rest = bytes; rest > 0 && this.#copy !== undefined; rest -= COPY_CHUNK_BYTES) {
      const { log, topics, payloads } = this.#copy;
      const { body, isLast } = this.#writer.some(topics, COPY_CHUNK_BYTES, payloads);
      await log.append(isLast ? 'whole' : 'commit', body);
      await log.sync();
      payloads.keep();
      if (isLast) await this.#replaceBy(log, payloads);
    }
  }

  async #replaceBy(log: FrameLog, payloads: WrittenPayloads): Promise<void> {
    const [old, oldPath] = [this.#log, this.#path(this.#number)];
    await log.rename(this.#path(this.#number + 1));
    this.#number++;
    this.#copy = undefined;
    this.#payloads = payloads;
    this.#appendTo(log);
    await syncFolder(this.place);
    await old?.close();
    await rm(oldPath, { force: true });
  }

  #appendTo(log: FrameLog): void {
    this.#log = log;
    this.#compactionSize = log.base * COMPACTION_GROWTH_FACTOR + COMPACTION_SLACK_BYTES;
  }

  async #abandonCopy(): Promise<void> {
    const log = this.#copy?.log;
    this.#copy = undefined;
    await log?.close().catch(() => undefined);
    if (log !== undefined) await rm(log.path, { force: true }).catch(() => undefined);
  }

  #path(number: number): string {
    return statePath(this.place, number);
  }
}
