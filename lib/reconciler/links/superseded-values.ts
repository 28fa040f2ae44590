/**
 * Values that a broker no longer holds. Each topic has a list of them, the oldest first. Another list has all values in the order
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
  readonly list: ValuesOfTopic;
  /** Undefined while this is the newest of its topic. */
  after: Entry | undefined;
}

/** The values of a topic that are known and matter. */
interface ValuesOfTopic {
  readonly topic: string;
  /** Undefined if there are none any more. */
  oldest: Entry | undefined;
  newest: Entry | undefined;
  count: number;
}

const NO_VALUES: readonly Superseded[] = [];

export class SupersededValues {
  readonly #topics = new Map<string, ValuesOfTopic>();
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
    const list = this.#listOf(topic);
    const entry: Entry = { from, until, payload, properties, list, after: undefined };
    if (list.newest === undefined) list.oldest = entry;
    else list.newest.after = entry;
    list.newest = entry;
    list.count++;
    if (list.count > MAX_VALUES_OF_TOPIC) this.#shorten(list);
    this.#entries.push(entry);
  }

  /** The values of a topic, the oldest first. */
  of(topic: string): readonly Superseded[] {
    const list = this.#topics.get(topic);
    if (list === undefined) return NO_VALUES;
    const values: Entry[] = [];
    for (let entry = list.oldest; entry !== undefined; entry = entry.after)
      if (entry.until > this.#since) values.push(entry);
    return values;
  }

  /** Whether the topic has as many values as it may: there may have been others before them. */
  isFull(topic: string): boolean {
    return this.#topics.get(topic)?.count === MAX_VALUES_OF_TOPIC;
  }

  /** Topics with a value that was superseded after this commit. */
  *topicsSince(commit: number): Generator<string> {
    for (const [topic, { newest }] of this.#topics)
      if (newest !== undefined && newest.until > commit) yield topic;
  }

  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  #listOf(topic: string): ValuesOfTopic {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const list: ValuesOfTopic = { topic, oldest: undefined, newest: undefined, count: 0 };
    this.#topics.set(topic, list);
    return list;
  }

  /** Drops the oldest value of a topic that has one too many. */
  #shorten(list: ValuesOfTopic): void {
    this.#removeOldest(list);
    this.#dropped++;
  }

  #removeOldest(list: ValuesOfTopic): void {
    list.oldest = list.oldest?.after;
    list.count--;
    if (list.oldest === undefined) list.newest = undefined;
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
    const { list } = first;
    // The topic may have lost it already, because it had one too many.
    if (list.oldest !== first) return;
    this.#removeOldest(list);
    if (list.oldest === undefined && this.#topics.get(list.topic) === list) this.#topics.delete(list.topic);
  }

  #cutOff(): void {
    if (this.#first < MIN_CUT_OFF || this.#first * 2 < this.#entries.length) return;
    this.#entries.splice(0, this.#first);
    this.#first = 0;
  }
}
