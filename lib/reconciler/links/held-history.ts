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

import { createHash } from 'node:crypto';
import type { Held } from '../../core/register.ts';
import type { Superseded } from '../../store/state-store.ts';

/** A marker is still known so many milliseconds after a later one was stored. */
export const HISTORY_AGE_MS = 2_000;

/** Values of one topic at most. Of one that had more, the oldest are not known. */
export const MAX_VALUES_OF_TOPIC = 8;

/** Values at most; past it the topic that has not changed for the longest time is left out. */
export const MAX_VALUES = 20_000;

/** Of a larger payload a digest is kept, in bytes. */
const LARGEST_PAYLOAD = 1_024;

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

export class HeldHistory {
  /** Values that were left out for want of room. */
  dropped = 0;
  /** Of each topic the oldest first; the topic that changed last is the last. */
  readonly #topics = new Map<string, readonly Superseded[]>();
  #size = 0;
  /** What was held at this commit, and since, is known. */
  #since = 0;
  /** Later ones, that are to take its place. */
  readonly #stored: StoredMarker[] = [];

  /** Topics that changed lately. */
  get size(): number {
    return this.#topics.size;
  }

  /** What the broker held changed with a commit. It had held that since an earlier one. */
  superseded(topic: string, held: Held, from: number, until: number): void {
    if (held === 'unknown' || until <= this.#since) return;
    const value =
      held === 'absent'
        ? { from, until, payload: '', properties: undefined }
        : { from, until, payload: imprintOf(held.payload), properties: held.properties };
    const known = this.#topics.get(topic) ?? NOTHING;
    const kept = known.filter(one => one.until > this.#since);
    if (kept.length === MAX_VALUES_OF_TOPIC) {
      kept.shift();
      this.dropped++;
    }
    this.#set(topic, known, [...kept, value]);
    if (this.#size > MAX_VALUES) this.#makeRoom();
  }

  /** Takes what the store has. */
  load(topic: string, values: readonly Superseded[]): void {
    this.#set(topic, this.#topics.get(topic) ?? NOTHING, values);
  }

  /** What was held at this commit, and since, is known. */
  get since(): number {
    return this.#since;
  }

  /** The store has what was held at this commit and since. */
  loaded(since: number): void {
    this.#since = since;
  }

  of(topic: string): readonly Superseded[] {
    return this.#topics.get(topic) ?? NOTHING;
  }

  /** Topics that changed after a marker. */
  *changedSince(marker: number): Generator<string> {
    for (const [topic, values] of this.#topics) if ((values.at(-1)?.until ?? 0) > marker) yield topic;
  }

  forget(topic: string): void {
    this.#set(topic, this.of(topic), NOTHING);
  }

  /** Whether it is known what the broker held at this marker. */
  reaches(marker: number): boolean {
    return marker >= this.#since;
  }

  /** The store knows that the broker has this marker: soon none before it matters any more. */
  markerStored(commit: number, uptime: number): void {
    const last = this.#stored.at(-1);
    if (last === undefined || commit > last.commit) this.#stored.push({ commit, at: uptime });
  }

  /** The broker came back with an earlier marker: later ones are not there any more. */
  markerReturned(commit: number): void {
    while ((this.#stored.at(-1)?.commit ?? 0) > commit) this.#stored.pop();
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
    for (const [topic, values] of this.#topics) {
      // The others changed later still. What is obsolete of them goes with their next change.
      if ((values.at(-1)?.until ?? 0) > this.#since) break;
      this.#set(topic, values, NOTHING);
    }
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
    const imprint = imprintOf(shown.payload);
    const isHeldBefore = values.some(
      ({ until, payload, properties }) =>
        until > marker && until <= parted && payload === imprint && areAlike(properties, shown.properties),
    );
    if (isHeldBefore) return 'held before';
    return isCut(values) && (values[0]?.from ?? 0) > marker ? 'not known' : undefined;
  }

  /** Whether the broker held something under the topic at this marker, and has since, for all that was seen. */
  heldSince(topic: string, marker: number): boolean {
    const later = this.of(topic).filter(({ until }) => until > marker);
    const [first] = later;
    return first !== undefined && first.from <= marker && later.every(({ payload }) => payload !== '');
  }

  #makeRoom(): void {
    for (const [topic, values] of this.#topics) {
      if (this.#size <= MAX_VALUES) return;
      this.#since = Math.max(this.#since, values.at(-1)?.until ?? 0);
      this.dropped += values.length;
      this.#set(topic, values, NOTHING);
    }
  }

  #set(topic: string, before: readonly Superseded[], values: readonly Superseded[]): void {
    this.#size += values.length - before.length;
    this.#topics.delete(topic);
    if (values.length > 0) this.#topics.set(topic, values);
  }
}

const NOTHING: readonly Superseded[] = [];

/** Whether older values may have been left out. */
function isCut(values: readonly Superseded[]): boolean {
  return values.length === MAX_VALUES_OF_TOPIC;
}

/** Unknown properties equal any. */
function areAlike(a: string | undefined, b: string | undefined): boolean {
  return a === b || a === undefined || b === undefined;
}

function imprintOf(payload: string): string {
  if (payload.length <= LARGEST_PAYLOAD) return payload;
  const digest = createHash('sha256').update(payload, 'latin1').digest('base64');
  return `${payload.length} bytes ${digest}`;
}
