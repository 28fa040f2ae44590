/**
 * Makes room for other topics: those that retain nothing anywhere are forgotten before their time, those of which the time
 * comes next first. That is safe where every broker is known to be without them, but for one that goes back in time by more
 * than AGES_WITHOUT_ROOM: it brings them back.
 */

import { isForgettable, RETENTION_TIMES_WHEN_FULL, TOMBSTONE_RETENTION_MS } from '../../core/forgetting.ts';
import { isDeletion } from '../../core/register.ts';
import type { TopicTable } from './topic-table.ts';

/** Topics that are looked at in one go: the one message that finds no room has to wait for it. */
const MAX_CANDIDATES = 2_000;

/** Topics that are forgotten in one go: some more than are needed, so that the next messages find room at once. */
const MIN_EVICTED = 50;
const MAX_EVICTED = 500;

/** Milliseconds before it is tried again where nothing could be forgotten. */
const RETRY_MS = 1_000;

export class Eviction {
  /** Remembered deletions that were forgotten before their time. */
  tombstones = 0;
  readonly #table: TopicTable;
  /** At this time of `performance.now()`. */
  #retryAt = 0;

  constructor(table: TopicTable) {
    this.#table = table;
  }

  /** Forgets some topics at a time, in milliseconds since 1970, until there is room. Returns whether there is. */
  makeRoom(now: number, hasRoom: () => boolean): boolean {
    if (performance.now() < this.#retryAt) return false;
    const { forgettable } = this.#table;
    const kept: { topic: string; at: number }[] = [];
    let evicted = 0;
    let isDone = false;
    for (let looked = 0; !isDone && looked < MAX_CANDIDATES; looked++) {
      const next = forgettable.takeNext();
      if (next === undefined) break;
      const { topic, at } = next;
      const verdict = this.#look(topic, now);
      if (verdict === 'keep') kept.push({ topic, at });
      // A broker may still hold it. Others of which that is known have their turn before it comes again.
      if (verdict === 'blocked') kept.push({ topic, at: Math.max(at, now + TOMBSTONE_RETENTION_MS) });
      if (verdict !== 'evicted') continue;
      evicted++;
      isDone = evicted === MAX_EVICTED || (evicted >= MIN_EVICTED && hasRoom());
    }
    for (const { topic, at } of kept) forgettable.expect(topic, at);
    if (evicted === 0) this.#retryAt = performance.now() + RETRY_MS;
    return hasRoom();
  }

  #look(topic: string, now: number): 'evicted' | 'keep' | 'blocked' | 'gone' {
    const known = this.#table.get(topic);
    if (known === undefined) return 'gone';
    const { register, policy } = known;
    if (isForgettable(register, policy, now, RETENTION_TIMES_WHEN_FULL)) {
      if (register.winner !== undefined) this.tombstones++;
      this.#table.remove(topic, known);
      return 'evicted';
    }
    const retains = register.winner !== undefined && !isDeletion(register.winner);
    if (retains) return 'gone';
    return isForgettable(register, policy, Number.POSITIVE_INFINITY) ? 'keep' : 'blocked';
  }
}
