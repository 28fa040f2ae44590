/**
 * What a broker held a moment ago: at the marker that it may come back with, and since.
 *
 * A broker that is killed may come back with its state of a moment ago. Its marker then tells of which commit that state
 * is, at least; what changed later may be there or not. A topic that shows what it held at the marker or since, and no
 * longer, went back: that value is old. Anything else was written while we were apart.
 *
 * Each value is kept with the commits between which it was held. So nothing has to be moved when a marker is
 * acknowledged, and the history goes to the store with its topic. It is kept for some seconds longer than the last marker,
 * for a broker that comes back with an earlier one.
 *
 * Times are milliseconds of `performance.now()`.
 */

import type { Held } from '../../core/register.ts';
import { messageDigestOf } from '../../protocol/message-digest.ts';
import type { Superseded } from '../../store/state-store.ts';
import { UNTIL_SEEN, UnseenValues } from './unseen-values.ts';

/** A marker is still known so many milliseconds after a later one was stored. */
export const HISTORY_AGE_MS = 2_000;

/** Values of one topic at most. Of one that had more, the oldest are not known. */
export const MAX_VALUES_OF_TOPIC = 8;

/** Values at most; past it the topic that has not changed for the longest time is left out. */
export const MAX_VALUES = 10_000;

/** What a broker shows under a topic. */
export interface Shown {
  readonly payload: string;
  readonly properties: string | undefined;
}

/** What a broker shows, against what it held: undefined where that tells nothing. */
export type Verdict = 'held before' | 'not known' | undefined;

interface StoredMarker {
  readonly commit: number;
  readonly at: number;
}

interface Entry extends Superseded {
  readonly topic: string;
  /** What was held before that, as far as it is known and matters. */
  before: Entry | undefined;
  /** How many values that makes. */
  readonly count: number;
  /** Undefined while it is the last of its topic. */
  after: Entry | undefined;
}

/** Entries that were let go of are cut off the list when there are so many. */
const CUT_OFF = 1_024;

export class HeldHistory {
  /** Values that were left out for want of room. */
  dropped = 0;
  /** Of each topic the last. */
  readonly #topics = new Map<string, Entry>();
  /** All, in the order in which they were superseded, from `#first` on. */
  readonly #entries: Entry[] = [];
  #first = 0;
  /** What was held at this commit, and since, is known. */
  #since = 0;
  /** Later ones, that are to take its place. */
  readonly #stored: StoredMarker[] = [];
  /** What the broker may have gone back to where it has not shown what it holds. */
  readonly unseen = new UnseenValues();

  /** Topics that changed lately. */
  get size(): number {
    return this.#topics.size;
  }

  /** The broker may have held this for a while between two commits: it was passed over when more was shown. */
  heldUnseen(topic: string, { payload, properties, from, until }: Superseded): void {
    if (until > this.#since) this.#addBounded(topic, from, until, payload, properties);
  }

  /** What the broker held changed with a commit. It had held that since an earlier one. */
  superseded(topic: string, held: Held, from: number, until: number): void {
    if (held === 'unknown' || until <= this.#since) return;
    if (held === 'absent') this.#addBounded(topic, from, until, '', undefined);
    else this.#addBounded(topic, from, until, messageDigestOf(held.payload), held.properties);
  }

  /** Takes what the store has. */
  load(topic: string, values: readonly Superseded[]): void {
    const unseen = values.filter(({ until }) => until === UNTIL_SEEN);
    if (unseen.length > 0) this.unseen.load(topic, unseen);
    for (const { from, until, payload, properties } of values)
      if (until !== UNTIL_SEEN) this.#add(topic, from, until, payload, properties);
  }

  /**
   * The broker came back with this marker, and did not show the topic: it may have gone back to any of these values, until
   * it shows what it holds. Returns whether there are any.
   */
  notShown(topic: string, marker: number, parted: number): boolean {
    const values = this.of(topic).filter(({ until }) => until > marker && until <= parted);
    if (values.length > 0) this.unseen.add(topic, values);
    return values.length > 0;
  }

  /** As it is stored. */
  stored(topic: string): readonly Superseded[] {
    const unseen = this.unseen.of(topic);
    return unseen.length === 0 ? this.of(topic) : [...unseen, ...this.of(topic)];
  }

  /** The oldest first. */
  of(topic: string): readonly Superseded[] {
    let entry = this.#topics.get(topic);
    if (entry === undefined) return NOTHING;
    const values: Entry[] = [];
    for (; entry !== undefined; entry = entry.before) if (entry.until > this.#since) values.push(entry);
    return values.reverse();
  }

  /** Topics that changed after a marker. */
  *changedSince(marker: number): Generator<string> {
    for (const [topic, { until }] of this.#topics) if (until > marker) yield topic;
  }

  forget(topic: string): void {
    this.#topics.delete(topic);
    this.unseen.release(topic);
  }

  /** Whether it is known what the broker held at this marker. */
  reaches(marker: number): boolean {
    return marker >= this.#since;
  }

  /** What was held at this commit, and since, is known. */
  get since(): number {
    return this.#since;
  }

  /** The store has what was held at this commit and since. */
  loaded(since: number): void {
    this.#since = since;
  }

  /** The store knows that the broker has this marker: soon none before it matters any more. */
  markerStored(commit: number, uptime: number): void {
    const last = this.#stored.at(-1);
    if (last === undefined || commit > last.commit) this.#stored.push({ commit, at: uptime });
  }

  /**
   * The broker came back with this marker: later ones are not there any more. It may come back with the same state once
   * more, so the age of this marker counts from now on.
   */
  markerReturned(commit: number, uptime: number): void {
    while ((this.#stored.at(-1)?.commit ?? -1) >= commit) this.#stored.pop();
    if (commit >= this.#since) this.#stored.push({ commit, at: uptime });
  }

  /**
   * Lets go what no marker refers to that the broker may come back with. Not while a commit is made: that stores since when
   * all is known, and all of that.
   */
  prune(uptime: number): void {
    for (let [first] = this.#stored; first !== undefined; [first] = this.#stored) {
      if (uptime - first.at < HISTORY_AGE_MS) break;
      this.#since = Math.max(this.#since, first.commit);
      this.#stored.shift();
    }
    for (let entry = this.#entries[this.#first]; entry !== undefined; entry = this.#entries[this.#first]) {
      if (entry.until > this.#since) break;
      this.#letGo(entry);
    }
    this.#cutOff();
  }

  /** Whether some of it may be let go as time passes. */
  get isWaiting(): boolean {
    return this.#stored.length > 0;
  }

  /**
   * What a broker that came back with this marker shows under a topic, though it held something else when we parted.
   * @param parted the last commit before that: what was superseded later is no matter of the return
   */
  verdict(topic: string, shown: Shown, marker: number, parted = Number.POSITIVE_INFINITY): Verdict {
    const values = this.of(topic);
    if (values.length === 0) return undefined;
    const isHeldBefore = values.some(
      value => value.until > marker && value.until <= parted && isValue(value, shown),
    );
    if (isHeldBefore) return 'held before';
    const isCut = (this.#topics.get(topic)?.count ?? 0) >= MAX_VALUES_OF_TOPIC;
    return isCut && (values[0]?.from ?? 0) > marker ? 'not known' : undefined;
  }

  /** Whether the broker held something under the topic at this marker, and has since, for all that was seen. */
  heldSince(topic: string, marker: number): boolean {
    const later = this.of(topic).filter(({ until }) => until > marker);
    const [first] = later;
    return first !== undefined && first.from <= marker && later.every(({ payload }) => payload !== '');
  }

  #addBounded(
    ...added: [topic: string, from: number, until: number, payload: string, properties: string | undefined]
  ): void {
    this.#add(...added);
    while (this.#entries.length - this.#first > MAX_VALUES) this.#leaveOut();
  }

  #add(topic: string, from: number, until: number, payload: string, properties: string | undefined): void {
    const last = this.#topics.get(topic);
    const before = last !== undefined && last.until > this.#since ? last : undefined;
    const count = Math.min((before?.count ?? 0) + 1, MAX_VALUES_OF_TOPIC);
    const entry: Entry = { topic, from, until, payload, properties, before, count, after: undefined };
    if (last !== undefined) last.after = entry;
    if (before?.count === MAX_VALUES_OF_TOPIC) this.#shorten(entry);
    this.#topics.set(topic, entry);
    this.#entries.push(entry);
  }

  /** Leaves out the oldest of the values of a topic, which has one too many. */
  #shorten(last: Entry): void {
    let entry: Entry | undefined = last;
    for (let kept = 1; kept < MAX_VALUES_OF_TOPIC; kept++) entry = entry?.before;
    if (entry?.before === undefined) return;
    entry.before = undefined;
    this.dropped++;
  }

  /** The oldest of all. What is known is known since then. */
  #leaveOut(): void {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return;
    this.#since = Math.max(this.#since, entry.until);
    this.dropped++;
    this.#letGo(entry);
    this.#cutOff();
  }

  #letGo(first: Entry): void {
    this.#first++;
    if (first.after !== undefined) first.after.before = undefined;
    else if (this.#topics.get(first.topic) === first) this.#topics.delete(first.topic);
  }

  #cutOff(): void {
    if (this.#first < CUT_OFF || this.#first * 2 < this.#entries.length) return;
    this.#entries.splice(0, this.#first);
    this.#first = 0;
  }
}

const NOTHING: readonly Superseded[] = [];

/** Whether that is what is shown. */
export function isValue({ payload, properties }: Superseded, shown: Shown): boolean {
  return payload === messageDigestOf(shown.payload) && areAlike(properties, shown.properties);
}

/** Unknown properties equal any. */
function areAlike(a: string | undefined, b: string | undefined): boolean {
  return a === b || a === undefined || b === undefined;
}
