/**
 * Makes room for other topics: topics that retain nothing anywhere are forgotten before their time, the next ones due first. Every
 * broker is known to be without them. Only a broker that is rolled back by more than RETENTION_TIMES_WHEN_FULL brings them back.
 */

import { isForgettable, RETENTION_TIMES_WHEN_FULL, TOMBSTONE_RETENTION_MS } from '../../core/forgetting.ts';
import { isDeletion } from '../../core/register.ts';
import type { TopicTable } from './topic-table.ts';

/** Topics that are checked at one time: the message that found no room waits for it. */
const MAX_CANDIDATES = 2_000;

/** Topics that are forgotten at one time: more than are needed, so that the next messages find room at once. */
const MIN_EVICTED = 50;
const MAX_EVICTED = 500;

/** Milliseconds before the next attempt if nothing could be forgotten. */
const RETRY_MS = 1_000;

export class Eviction {
  readonly #table: TopicTable;
  #tombstones = 0;
  /** In milliseconds of `performance.now()`. */
  #retryAt = 0;

  constructor(table: TopicTable) {
    this.#table = table;
  }

  /** Tombstones that were forgotten before their time. */
  get tombstones(): number {
    return this.#tombstones;
  }

  /**
   * Forgets topics until there is room. Returns whether there is.
   * @param now milliseconds since 1970
   */
  makeRoom(now: number, hasRoom: () => boolean): boolean {
    if (performance.now() < this.#retryAt) return false;
    const { forgettable } = this.#table.times;
    const kept: { topic: string; at: number }[] = [];
    let evicted = 0;
    let isDone = false;
    for (let checked = 0; !isDone && checked < MAX_CANDIDATES; checked++) {
      const next = forgettable.takeNext();
      if (next === undefined) break;
      const { topic, at } = next;
      const verdict = this.#check(topic, now);
      if (verdict === 'keep') kept.push({ topic, at });
      // A broker may still hold it. So other topics have their turn first.
      if (verdict === 'blocked') kept.push({ topic, at: Math.max(at, now + TOMBSTONE_RETENTION_MS) });
      if (verdict !== 'evicted') continue;
      evicted++;
      isDone = evicted === MAX_EVICTED || (evicted >= MIN_EVICTED && hasRoom());
    }
    for (const { topic, at } of kept) forgettable.expect(topic, at);
    if (evicted === 0) this.#retryAt = performance.now() + RETRY_MS;
    return hasRoom();
  }

  #check(topic: string, now: number): 'evicted' | 'keep' | 'blocked' | 'gone' {
    const known = this.#table.get(topic);
    if (known === undefined) return 'gone';
    const { register, policy } = known;
    if (isForgettable(register, policy, now, RETENTION_TIMES_WHEN_FULL)) {
      if (register.winner !== undefined) this.#tombstones++;
      this.#table.remove(topic, known);
      return 'evicted';
    }
    const retains = register.winner !== undefined && !isDeletion(register.winner);
    if (retains) return 'gone';
    return isForgettable(register, policy, Number.POSITIVE_INFINITY) ? 'keep' : 'blocked';
  }
}
