/**
 * Values that a broker no longer holds. Each topic has a list of them, the newest first. Another list has all values in the order
 * in which they were superseded. Bounded in values of a topic and in all; the oldest make room.
 */

import type { Superseded } from '../../store/state-store.ts';

/** Values of one topic at most. If there are more, the oldest are not known. */
export const MAX_VALUES_OF_TOPIC = 8;

/** Values at most. Beyond that the topic that has not changed for the longest time loses one. */
export const MAX_VALUES = 10_000;

/** Removed entries at the beginning of the list are cut off when there are so many. */
const MIN_CUT_OFF = 1_024;

interface Entry extends Superseded {
  readonly topic: string;
  /** The value before this one, as far as it is known and matters. */
  before: Entry | undefined;
  /** How many values the list has up to this one. */
  readonly count: number;
  /** Undefined while this is the newest of its topic. */
  after: Entry | undefined;
}

const NO_VALUES: readonly Superseded[] = [];

export class SupersededValues {
  /** The newest of each topic. */
  readonly #topics = new Map<string, Entry>();
  /** All, in the order in which they were superseded, from `#first` on. */
  readonly #entries: Entry[] = [];
  #first = 0;
  /** Values superseded up to this commit do not matter any more. */
  #since = 0;
  #dropped = 0;

  /** Topics that changed lately. */
  get size(): number {
    return this.#topics.size;
  }

  /** Values that were dropped because a bound was met. */
  get dropped(): number {
    return this.#dropped;
  }

  /** All that was held at this commit and since is known. */
  get since(): number {
    return this.#since;
  }

  /** Values superseded up to this commit do not matter any more. */
  forgetUpTo(commit: number): void {
    this.#since = Math.max(this.#since, commit);
    for (let entry = this.#entries[this.#first]; entry !== undefined; entry = this.#entries[this.#first]) {
      if (entry.until > this.#since) break;
      this.#removeFirst(entry);
    }
    this.#cutOff();
  }

  /** The values are known since this commit only. */
  knownSince(commit: number): void {
    this.#since = commit;
  }

  /** Adds a value, and keeps to the bound of all values. */
  add(topic: string, value: Superseded): void {
    this.load(topic, value);
    while (this.#entries.length - this.#first > MAX_VALUES) this.#dropOldest();
  }

  /** Adds a value of the store. */
  load(topic: string, { from, until, payload, properties }: Superseded): void {
    const last = this.#topics.get(topic);
    const before = last !== undefined && last.until > this.#since ? last : undefined;
    const count = Math.min((before?.count ?? 0) + 1, MAX_VALUES_OF_TOPIC);
    const entry: Entry = { topic, from, until, payload, properties, before, count, after: undefined };
    if (last !== undefined) last.after = entry;
    if (before?.count === MAX_VALUES_OF_TOPIC) this.#shorten(entry);
    this.#topics.set(topic, entry);
    this.#entries.push(entry);
  }

  /** The values of a topic, the oldest first. */
  of(topic: string): readonly Superseded[] {
    let entry = this.#topics.get(topic);
    if (entry === undefined) return NO_VALUES;
    const values: Entry[] = [];
    for (; entry !== undefined; entry = entry.before) if (entry.until > this.#since) values.push(entry);
    return values.reverse();
  }

  /** Whether the topic has as many values as it may: there may have been others before them. */
  isFull(topic: string): boolean {
    return (this.#topics.get(topic)?.count ?? 0) >= MAX_VALUES_OF_TOPIC;
  }

  /** Topics with a value that was superseded after this commit. */
  *topicsSince(commit: number): Generator<string> {
    for (const [topic, { until }] of this.#topics) if (until > commit) yield topic;
  }

  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  /** Drops the oldest value of a topic that has one too many. */
  #shorten(newest: Entry): void {
    let entry: Entry | undefined = newest;
    for (let kept = 1; kept < MAX_VALUES_OF_TOPIC; kept++) entry = entry?.before;
    if (entry?.before === undefined) return;
    entry.before = undefined;
    this.#dropped++;
  }

  /** Drops the oldest value of all. From then on values are known only since it was superseded. */
  #dropOldest(): void {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return;
    this.#since = Math.max(this.#since, entry.until);
    this.#dropped++;
    this.#removeFirst(entry);
    this.#cutOff();
  }

  #removeFirst(first: Entry): void {
    this.#first++;
    if (first.after !== undefined) first.after.before = undefined;
    else if (this.#topics.get(first.topic) === first) this.#topics.delete(first.topic);
  }

  #cutOff(): void {
    if (this.#first < MIN_CUT_OFF || this.#first * 2 < this.#entries.length) return;
    this.#entries.splice(0, this.#first);
    this.#first = 0;
  }
}
