/**
 * A store on disk: a log of commits, which is written anew when most of it is history.
 *
 * The reconciler holds every register in memory, so all that a disk has to do is to remember: append what
 * changed, and show everything at the start. The new file is written bit by bit, a little after each commit,
 * and takes the commits as well meanwhile; when it is whole it gets its name, and the old one is removed.
 */

import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CommitWriter } from './commit-record.ts';
import { headOf } from './file-head.ts';
import { FrameLog } from './frame-log.ts';
import { readState, understoodState } from './read-state.ts';
import type { Changes, Recalled, StateStore, StoredState, TopicEntry } from './state-store.ts';
import { DamagedStoreError, reasonOf, StoreUnavailableError, UnknownStoreError } from './store-errors.ts';
import type { StoreLock } from './store-lock.ts';

/** A file is written anew when it is so many times as large as it was when it was new, and a bit. */
const GROWTH = 3;
const BIT = 4 * 1024 * 1024;

/** For each byte of a commit so many are copied to the new file, and no fewer than so many in all. */
const COPY_RATE = 4;
const COPY_LEAST = 256 * 1024;

/** Bytes copied at once. */
const COPY_PIECE = 512 * 1024;

const FILE = /^state-(\d+)\.log$/;
const UNFINISHED = /^state-\d+\.log\.new$/;

/** A file in the making. */
interface Copy {
  readonly log: FrameLog;
  /** The topics that are not in it yet. */
  readonly topics: Iterator<TopicEntry>;
}

export class DiskStore implements StateStore {
  readonly place: string;
  readonly isLasting = true;
  #brokers: readonly string[];
  /** The file does not know the brokers yet. */
  #hasNewBrokers = false;
  readonly #lock: StoreLock | undefined;
  readonly #writer: CommitWriter;
  /** Undefined while there is none that can be appended to: the next commit begins a new one. */
  #log: FrameLog | undefined;
  /** Counts the files. */
  #number = 0;
  /** The size of the file from which on it is written anew. */
  #limit = 0;
  #copy: Copy | undefined;
  #facts: ReadonlyMap<string, string> = new Map();
  /** One thing at a time, in the order of the calls. */
  #last: Promise<void> = Promise.resolve();

  /**
   * @param folder exists, and is this process's alone
   * @param brokers the names of the brokers, in the order of their indexes
   * @param lock is released when the store is closed
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
      .then(() => this.#copyOn(changes, Math.max(COPY_LEAST, size * COPY_RATE)));
  }

  /** Gives a damaged file another name, and returns that. The store is empty then. */
  async setAside(): Promise<string> {
    const aside = join(this.place, `damaged-${new Date().toISOString().replaceAll(':', '-')}.log`);
    try {
      await rename(this.#path(this.#number), aside);
    } catch (error) {
      throw new StoreUnavailableError(
        this.place,
        `it is damaged and cannot be moved aside: ${reasonOf(error)}`,
      );
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
    await this.#tidy();
    if (this.#number === 0) return { topics: [], metadata: new Map() };
    const log = this.#log ?? (await FrameLog.open(this.#path(this.#number)));
    this.#log = undefined;
    const reader = await readState(log, this.#brokers, recalled).catch(async (error: Error) => {
      await log.close();
      throw error;
    });
    this.#facts = reader.state.metadata;
    if (reader.isUpToDate) this.#appendTo(log);
    // Other brokers: the file says nothing of new ones, and too much of those that are gone.
    else await log.close();
    return understoodState(log, reader.state);
  }

  /**
   * Finds the newest file, and removes what a crash has left of older and newer ones.
   * @throws UnknownStoreError if one of these is not for this version to read or remove; then all are left
   */
  async #tidy(): Promise<void> {
    const names = await readdir(this.place);
    const numbers = names.flatMap(name => FILE.exec(name)?.[1] ?? []).map(Number);
    this.#number = Math.max(0, ...numbers);
    const left = names.filter(name => UNFINISHED.test(name));
    for (const number of numbers) if (number !== this.#number) left.push(this.#name(number));
    const paths = left.map(name => join(this.place, name));
    if (this.#number > 0) await requireKnown(this.#path(this.#number));
    for (const path of paths) await requireKnown(path);
    for (const path of paths) await rm(path);
  }

  // ── writing ────────────────────────────────────────────────────────────────────────────────────────

  /** Returns how many bytes were written. */
  async #store(changes: Changes): Promise<number> {
    const log = this.#log;
    const facts = changes.metadata ?? this.#facts;
    if (log === undefined) {
      await this.#beginAnew(changes, facts);
      this.#hasNewBrokers = false;
      this.#facts = facts;
      return 0;
    }
    const before = log.size;
    try {
      await this.#append(log, changes);
      await log.sync();
    } catch (error) {
      log.rewind();
      await this.#abandonCopy();
      throw error;
    }
    this.#hasNewBrokers = false;
    this.#facts = facts;
    return log.size - before;
  }

  async #append(log: FrameLog, changes: Changes): Promise<void> {
    let last = this.#hasNewBrokers ? this.#writer.brokers(this.#brokers) : undefined;
    for (const body of this.#writer.bodies(changes)) {
      if (last !== undefined) await this.#appendFrame(log, 'part', last);
      last = body;
    }
    if (last !== undefined) await this.#appendFrame(log, 'commit', last);
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

  /** Writes a new file in one go: there was none, or none that can be gone on with. */
  async #beginAnew(changes: Changes, facts: ReadonlyMap<string, string>): Promise<void> {
    try {
      await this.#beginCopy(changes, facts);
      await this.#continueCopy(Number.POSITIVE_INFINITY);
    } catch (error) {
      await this.#abandonCopy();
      throw error;
    }
  }

  /** Goes on with a new file, or begins one if it is time to. What goes wrong with it concerns the old one in no way. */
  async #copyOn(changes: Changes, bytes: number): Promise<void> {
    const size = this.#log?.size ?? 0;
    if (this.#copy === undefined && size < this.#limit) return;
    try {
      if (this.#copy === undefined) await this.#beginCopy(changes, this.#facts);
      await this.#continueCopy(bytes);
    } catch {
      await this.#abandonCopy();
      this.#limit = size + Math.max(BIT, size / 4);
    }
  }

  async #beginCopy({ all }: Changes, facts: ReadonlyMap<string, string>): Promise<void> {
    const log = await FrameLog.create(`${this.#path(this.#number + 1)}.new`);
    this.#copy = { log, topics: all.entries() };
    await log.append('commit', this.#writer.preamble(this.#brokers, facts));
  }

  /** Copies so many bytes; if those were the last, the new file takes the old one's place. */
  async #continueCopy(bytes: number): Promise<void> {
    for (let left = bytes; left > 0 && this.#copy !== undefined; left -= COPY_PIECE) {
      const { log, topics } = this.#copy;
      const { body, done } = this.#writer.some(topics, COPY_PIECE);
      await log.append(done ? 'whole' : 'commit', body);
      await log.sync();
      if (done) await this.#replaceBy(log);
    }
  }

  async #replaceBy(log: FrameLog): Promise<void> {
    const [old, oldPath] = [this.#log, this.#path(this.#number)];
    await log.rename(this.#path(this.#number + 1));
    this.#number++;
    this.#copy = undefined;
    this.#appendTo(log);
    await syncFolder(this.place);
    await old?.close();
    await rm(oldPath, { force: true });
  }

  #appendTo(log: FrameLog): void {
    this.#log = log;
    this.#limit = log.base * GROWTH + BIT;
  }

  async #abandonCopy(): Promise<void> {
    const log = this.#copy?.log;
    this.#copy = undefined;
    await log?.close().catch(() => undefined);
    if (log !== undefined) await rm(log.path, { force: true }).catch(() => undefined);
  }

  #path(number: number): string {
    return join(this.place, this.#name(number));
  }

  #name(number: number): string {
    return `state-${number}.log`;
  }
}

async function requireKnown(path: string): Promise<void> {
  const head = await headOf(path);
  if (head.kind === 'another version' || head.kind === 'foreign')
    throw new UnknownStoreError(path, head.reason);
}

/** A new name in a folder lasts when the folder has been synchronised. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
