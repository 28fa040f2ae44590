/**
 * Commits records to the event log. One commit takes all that waited, and the next one begins when it is durable.
 *
 * Events are committed at once. What can wait a moment goes with them: echoes and acknowledgements, which tell only what need not
 * be sent again. After a commit of many records the next one waits as well, so that it takes many again.
 *
 * A commit that fails is tried again, with its records before those that came since: nothing is acknowledged meanwhile.
 */

import { backoff } from '../core/backoff.ts';
import type { Log } from '../protocol/messages.ts';
import { reasonOf } from '../store/store-errors.ts';
import type { EventClock } from './event-clock.ts';
import { type EventRecord, eventBytes } from './ledger/event-record.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { EventLog } from './log/event-log.ts';

/** From the beginning of the last commit, for what can wait. */
const PATIENCE_MS = 2;
/** A commit of so many records shows load. */
const MANY_RECORDS = 64;

/** With so many bytes of events a commit is full. */
const COMMIT_BYTES = 1024 * 1024;

const RETRIES = { first: 1_000, longest: 30_000 };

/** What is done around a commit. */
export interface CommitHooks {
  /** Makes room in the log. It may append records. */
  makeRoom(): Promise<void>;
  /** The commit is about to take all records: the last moment to append some. */
  began(): void;
  /** The commit with this number is durable. */
  ended(commit: number): void;
  /** All records are durable, and nothing waits. */
  idle(commit: number): void;
  /** Removes what is not needed any more. */
  tidy(): Promise<void>;
  /** The actor itself is at fault. */
  fail(error: Error): void;
}

export class EventCommitter {
  readonly #log: EventLog;
  readonly #ledger: Ledger;
  readonly #clock: EventClock;
  readonly #say: Log;
  readonly #hooks: CommitHooks;
  /** Milliseconds between the beginnings of two commits. */
  sync: number;
  #pending: EventRecord[] = [];
  /** Of the events among them. */
  #pendingBytes = 0;
  #isBusy = false;
  /** What was asked for since the last commit began. */
  #due: 'nothing' | 'soon' | 'now' = 'nothing';
  #isClosed = false;
  #retry = 0;
  #number = 1;
  #lastBegan = Number.NEGATIVE_INFINITY;
  /** Records of the last commit. */
  #lastRecords = 0;
  /** A commit has failed; the next one waits longer, whatever is asked for. */
  #isRetrying = false;
  #cancelWait: (() => void) | undefined;
  #waitsUntil = 0;
  #failures = 0;
  /** Called when no commit is in progress. */
  readonly #idle: (() => void)[] = [];

  constructor(
    parts: { readonly log: EventLog; readonly ledger: Ledger; readonly clock: EventClock; readonly say: Log },
    sync: number,
    hooks: CommitHooks,
  ) {
    this.#log = parts.log;
    this.#ledger = parts.ledger;
    this.#clock = parts.clock;
    this.#say = parts.say;
    this.sync = sync;
    this.#hooks = hooks;
  }

  /** The number of the commit that will take what is appended now. */
  get number(): number {
    return this.#number;
  }

  get failures(): number {
    return this.#failures;
  }

  /** The next commit takes no further events: a segment must not become much larger than others. */
  get isFull(): boolean {
    return this.#pendingBytes >= Math.min(COMMIT_BYTES, this.#log.segmentBytes);
  }

  /** The record takes effect at once; it is durable with the next commit. */
  append(record: EventRecord): void {
    this.#ledger.apply(record);
    this.#pending.push(record);
    if (record.kind === 'event') this.#pendingBytes += eventBytes(record);
  }

  /** Begins a commit if there is something to store and none is in progress. */
  kick(): void {
    this.#due = 'now';
    this.#schedule();
  }

  /** The same, in a moment if there was a commit just before. */
  kickSoon(): void {
    if (this.#due === 'nothing') this.#due = 'soon';
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isBusy || this.#isClosed || this.#isRetrying) return;
    const due = this.#lastBegan + this.#pause;
    const wait = due - this.#clock.uptime();
    if (wait > 0) {
      if (this.#cancelWait === undefined || due < this.#waitsUntil) this.#wait(wait);
      return;
    }
    this.#endWait();
    this.#isBusy = true;
    this.#due = 'nothing';
    this.#run().catch(this.#hooks.fail);
  }

  /** Milliseconds from the beginning of the last commit to that of the next one. */
  get #pause(): number {
    const isPatient = this.#due === 'soon' || this.#lastRecords >= MANY_RECORDS;
    return Math.max(this.sync, isPatient ? PATIENCE_MS : 0);
  }

  /** Stores what waits, and no more after it. Rejects if it cannot be stored. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endWait();
    if (this.#isBusy) await new Promise<void>(resolve => this.#idle.push(resolve));
    if (this.#pending.length > 0) await this.#log.commit(this.#pending, this.#ledger);
    this.#pending = [];
  }

  async #run(): Promise<void> {
    if (!(await this.#tried(this.#hooks.makeRoom()))) return;
    this.#hooks.began();
    const taken = this.#pending;
    if (taken.length > 0 && !(await this.#commit(taken))) return;
    this.#isBusy = false;
    for (const resolve of this.#idle.splice(0)) resolve();
    if (this.#due !== 'nothing') this.#schedule();
    else if (this.#pending.length > 0) this.kick();
    else this.#hooks.idle(this.#number);
  }

  /** Whether it succeeded. */
  async #commit(taken: EventRecord[]): Promise<boolean> {
    const number = this.#number++;
    const bytes = this.#pendingBytes;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#lastBegan = this.#clock.uptime();
    this.#lastRecords = taken.length;
    if (!(await this.#tried(this.#log.commit(taken, this.#ledger)))) {
      this.#pending = [...taken, ...this.#pending];
      this.#pendingBytes += bytes;
      return false;
    }
    if (this.#retry > 0) this.#say('info', 'the event log can be written again: events are acknowledged');
    this.#retry = 0;
    this.#hooks.ended(number);
    // What cannot be removed now is removed after a later commit.
    await this.#hooks.tidy().catch(() => undefined);
    return true;
  }

  /** Whether it succeeded. If not, all is tried again after a while. */
  async #tried(work: Promise<void>): Promise<boolean> {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => ({ reason }),
    );
    if (error === undefined) return true;
    this.#isBusy = false;
    this.#failures++;
    for (const resolve of this.#idle.splice(0)) resolve();
    if (this.#retry === 0) {
      const text = reasonOf(error.reason);
      this.#say('error', `the event log cannot be written (${text}): no event is acknowledged until it can`);
    }
    if (!this.#isClosed) {
      this.#isRetrying = true;
      this.#due = 'now';
      this.#wait(backoff(this.#retry, RETRIES, 1));
    }
    this.#retry++;
    return false;
  }

  #wait(milliseconds: number): void {
    this.#endWait();
    this.#waitsUntil = this.#clock.uptime() + milliseconds;
    this.#cancelWait = this.#clock.after(milliseconds, () => {
      this.#cancelWait = undefined;
      this.#isRetrying = false;
      this.#schedule();
    });
  }

  #endWait(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
  }
}
