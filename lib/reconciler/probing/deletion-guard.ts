/**
 * The deletion guard of one broker: deletions that mqttrep did not hear are believed in small numbers only. If there are more,
 * the guard holds all of them. It also holds later suspected deletions. A person releases them, or a topic is seen again. A later
 * scan or a restart releases none: a broker that lost topics by itself looks the same each time.
 *
 * Few deletions at a time add up: all that were believed within WINDOW_MS count together.
 */

import type { DeletionBound } from '../../protocol/settings.ts';
import { SlidingCount } from './sliding-count.ts';

/** Inferred deletions within this time count together, in milliseconds. */
const WINDOW_MS = 10 * 60_000;

/**
 * Milliseconds for which a deletion that was heard counts. A client that deletes in masses was heard, and the broker may have
 * dropped others of its deletions.
 */
const HEARD_MS = 60_000;

export interface Verdict {
  /** Topics to be deleted elsewhere. */
  readonly believed: readonly string[];
  /** Topics whose deletion is held: there are too many. */
  readonly held: readonly string[];
}

export class DeletionGuard {
  #bound: DeletionBound;
  #isClosed = false;
  readonly #changed: (topic: string) => void;
  readonly #held = new Set<string>();
  readonly #believed = new SlidingCount(WINDOW_MS);
  readonly #heard = new SlidingCount(HEARD_MS);

  /** @param changed told of each topic whose deletion is held, or is held no longer */
  constructor(bound: DeletionBound, changed: (topic: string) => void = () => undefined) {
    this.#bound = bound;
    this.#changed = changed;
  }

  configure(bound: DeletionBound): void {
    this.#bound = bound;
  }

  /** All suspected deletions are held. This stays so while any is held, also over a restart. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The store says that deletions were held. */
  recallClosed(): void {
    this.#isClosed = true;
  }

  /** Topics whose deletion is held. */
  get size(): number {
    return this.#held.size;
  }

  holds(topic: string): boolean {
    return this.#held.has(topic);
  }

  /** A client was heard to delete a topic. */
  heard(uptime: number): void {
    this.#heard.add(1, uptime);
  }

  /**
   * Judges topics that seem to have been deleted, with proof that they could be read.
   * @param countHeld how many topics the broker is believed to hold, these included
   */
  judge(suspects: readonly string[], countHeld: () => number, uptime: number): Verdict {
    this.#isClosed ||= this.#isTooMany(suspects.length, countHeld, uptime);
    if (this.#isClosed) {
      for (const topic of suspects) this.#hold(topic);
      return { believed: [], held: suspects };
    }
    if (suspects.length > 0) this.#believed.add(suspects.length, uptime);
    return { believed: suspects, held: [] };
  }

  /** Every suspected deletion was judged, or its topic was seen again. */
  openIfEmpty(): void {
    if (this.size === 0) this.#isClosed = false;
  }

  /** The topic was written, or the broker has shown it. */
  release(topic: string): void {
    if (!this.#held.delete(topic)) return;
    this.openIfEmpty();
    this.#changed(topic);
  }

  /** A person has decided, or the broker turned out to have lost its data: takes out all topics that were held. */
  takeHeld(): readonly string[] {
    const held = [...this.#held];
    this.#held.clear();
    this.#isClosed = false;
    this.#believed.clear();
    for (const topic of held) this.#changed(topic);
    return held;
  }

  #hold(topic: string): void {
    this.#held.add(topic);
    this.#changed(topic);
  }

  #isTooMany(suspects: number, countHeld: () => number, uptime: number): boolean {
    const { topics, percent } = this.#bound;
    const count = suspects + this.#believed.within(uptime);
    const unheard = count - this.#heard.within(uptime);
    if (unheard <= topics) return false;
    // The broker is believed to hold those of earlier deletions no longer.
    return unheard > ((countHeld() + count - suspects) * percent) / 100;
  }
}
