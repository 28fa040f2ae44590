/**
 * What a broker held a moment ago: at the marker that it may come back with, and since.
 *
 * A broker that is killed may come back with its state of a moment ago. Its marker tells the commit up to which that state is
 * complete; later changes may be in it or not. A topic was rolled back if it shows an old value. A value is old if the broker held
 * it at the marker or later, but not at the end of the session. Any other value was written while the broker was away.
 *
 * Each value is kept with the commits between which it was held. So nothing has to be moved when a marker is acknowledged, and the
 * history is stored with its topic. It is kept for some seconds longer than the last marker, since a broker may come back with an
 * earlier one.
 *
 * Times are milliseconds of `performance.now()`.
 */

import type { Payload } from '../../core/payload.ts';
import type { Held } from '../../core/register.ts';
import { messageDigestOf } from '../../protocol/message-digest.ts';
import type { Superseded } from '../../store/state-store.ts';
import { SupersededValues } from './superseded-values.ts';
import { UNTIL_SEEN, UnseenValues } from './unseen-values.ts';

/** A marker may still come back so many milliseconds after a later one was stored. */
export const HISTORY_AGE_MS = 2_000;

/** What a broker shows under a topic. */
export interface Shown {
  readonly payload: Payload;
  readonly properties: string | undefined;
}

/** What a broker shows, compared with what it held; undefined where that tells nothing. */
export type Verdict = 'held before' | 'not known' | undefined;

interface StoredMarker {
  readonly commit: number;
  readonly at: number;
}

export class HeldHistory {
  readonly #values = new SupersededValues();
  /** Markers that the store has, the oldest first. The history reaches back to the first one. */
  readonly #stored: StoredMarker[] = [];
  /** What the broker may have been rolled back to under topics that it has not shown. */
  readonly unseen = new UnseenValues();

  /** Topics that changed lately. */
  get size(): number {
    return this.#values.size;
  }

  /** Values that were dropped because a bound was met. */
  get dropped(): number {
    return this.#values.dropped;
  }

  /** The broker may have held this value for a while between two commits, although it was not seen to. */
  heldUnseen(topic: string, value: Superseded): void {
    if (value.until > this.#values.since) this.#values.add(topic, value);
  }

  /** What the broker holds changed with the commit `until`; it had held the other since the commit `from`. */
  superseded(topic: string, held: Held, from: number, until: number): void {
    if (held === 'unknown' || until <= this.#values.since) return;
    const payload = held === 'absent' ? '' : messageDigestOf(held.payload);
    const properties = held === 'absent' ? undefined : held.properties;
    this.#values.add(topic, { from, until, payload, properties });
  }

  /** Takes what the store has. */
  load(topic: string, values: readonly Superseded[]): void {
    const unseen = values.filter(({ until }) => until === UNTIL_SEEN);
    if (unseen.length > 0) this.unseen.load(topic, unseen);
    for (const value of values) if (value.until !== UNTIL_SEEN) this.#values.load(topic, value);
  }

  /**
   * The broker came back with this marker, and did not show the topic. It may have been rolled back to any of these values, until
   * it shows what it holds. Returns whether there are any.
   */
  notShown(topic: string, marker: number, lastCommit: number): boolean {
    const values = this.of(topic).filter(({ until }) => until > marker && until <= lastCommit);
    if (values.length > 0) this.unseen.add(topic, values);
    return values.length > 0;
  }

  /** The values as they are stored. */
  stored(topic: string): readonly Superseded[] {
    const unseen = this.unseen.of(topic);
    return unseen.length === 0 ? this.of(topic) : [...unseen, ...this.of(topic)];
  }

  /** The values of a topic, the oldest first. */
  of(topic: string): readonly Superseded[] {
    return this.#values.of(topic);
  }

  /** Topics that changed after a marker. */
  changedSince(marker: number): Generator<string> {
    return this.#values.topicsSince(marker);
  }

  forget(topic: string): void {
    this.#values.forget(topic);
    this.unseen.release(topic);
  }

  /** Whether it is known what the broker held at this marker. */
  reaches(marker: number): boolean {
    return marker >= this.#values.since;
  }

  /** What the broker held at this commit and since is known. */
  get since(): number {
    return this.#values.since;
  }

  /** The store has what the broker held at this commit and since. */
  loaded(since: number): void {
    this.#values.knownSince(since);
  }

  /** The store knows that the broker has this marker: soon the broker cannot come back with an earlier one any more. */
  markerStored(commit: number, uptime: number): void {
    const last = this.#stored.at(-1);
    if (last === undefined || commit > last.commit) this.#stored.push({ commit, at: uptime });
  }

  /**
   * The broker came back with this marker, so later ones do not exist any more. It may come back with the same state once more,
   * so the age of this marker counts from now on.
   */
  markerReturned(commit: number, uptime: number): void {
    while ((this.#stored.at(-1)?.commit ?? -1) >= commit) this.#stored.pop();
    if (commit >= this.#values.since) this.#stored.push({ commit, at: uptime });
  }

  /**
   * Forgets values from before the first marker that the broker may come back with. Must not be called while a commit is in
   * progress. The commit stores the number of the first known commit, and all values since that commit.
   */
  prune(uptime: number): void {
    let since = this.#values.since;
    for (let [first] = this.#stored; first !== undefined; [first] = this.#stored) {
      if (uptime - first.at < HISTORY_AGE_MS) break;
      since = Math.max(since, first.commit);
      this.#stored.shift();
    }
    this.#values.forgetUpTo(since);
  }

  /** Some values may be forgotten as time passes. */
  get isWaiting(): boolean {
    return this.#stored.length > 0;
  }

  /**
   * Judges what a broker that came back with this marker shows under a topic, if it held something else when the session ended.
   * @param lastCommit the last commit before the end of the session; values superseded later say nothing about the return
   */
  verdict(topic: string, shown: Shown, marker: number, lastCommit = Number.POSITIVE_INFINITY): Verdict {
    const values = this.of(topic);
    if (values.length === 0) return undefined;
    const isHeldBefore = values.some(
      value => value.until > marker && value.until <= lastCommit && isValue(value, shown),
    );
    if (isHeldBefore) return 'held before';
    return this.#values.isFull(topic) && (values[0]?.from ?? 0) > marker ? 'not known' : undefined;
  }

  /** Whether the broker held something under the topic at this marker and ever since, as far as was seen. */
  heldSince(topic: string, marker: number): boolean {
    const later = this.of(topic).filter(({ until }) => until > marker);
    const [first] = later;
    return first !== undefined && first.from <= marker && later.every(({ payload }) => payload !== '');
  }
}

/** Whether the value is what the broker shows. */
export function isValue({ payload, properties }: Superseded, shown: Shown): boolean {
  return payload === messageDigestOf(shown.payload) && areAlike(properties, shown.properties);
}

/** Unknown properties equal any. */
function areAlike(a: string | undefined, b: string | undefined): boolean {
  return a === b || a === undefined || b === undefined;
}
