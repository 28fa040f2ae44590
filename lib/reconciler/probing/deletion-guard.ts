/**
 * The deletion guard of one broker: deletions that nobody was heard to make are believed in small numbers only. More
 * are held, and whatever is suspected after them too, until a person decides, or the topics turn up again. No second
 * look at the broker changes that, nor does a restart: a broker that lost something by itself looks the same each time.
 *
 * Few deletions at a time add up: all that were believed within WINDOW_MS count together.
 */

import type { DeletionBound } from '../../protocol/messages.ts';
import { SlidingCount } from './sliding-count.ts';

/** Inferred deletions within this time count together, in milliseconds. */
const WINDOW_MS = 10 * 60_000;

/** A client that deletes in masses was heard, for as many milliseconds: the broker may have dropped others of its deletions. */
const HEARD_MS = 60_000;

export interface Verdict {
  /** To be deleted elsewhere. */
  readonly believed: readonly string[];
  /** Too many to be believed. */
  readonly held: readonly string[];
}

export class DeletionGuard {
  bound: DeletionBound;
  /** Told of each topic of which the deletion is held, or is held no more. */
  changed: (topic: string) => void = () => undefined;
  /** Whether all suspected deletions are held: it stays so while any is. Survives a restart. */
  isClosed = false;
  readonly #held = new Set<string>();
  readonly #believed = new SlidingCount(WINDOW_MS);
  readonly #heard = new SlidingCount(HEARD_MS);

  constructor(bound: DeletionBound) {
    this.bound = bound;
  }

  /** Topics of which the deletion is held. */
  get size(): number {
    return this.#held.size;
  }

  holds(topic: string): boolean {
    return this.#held.has(topic);
  }

  /** A client was heard to delete. */
  heard(uptime: number): void {
    this.#heard.add(1, uptime);
  }

  /**
   * Topics that seem to have been deleted, with proof that they could be read.
   * @param countHeld how many topics the broker is believed to hold, these included
   */
  judge(suspects: readonly string[], countHeld: () => number, uptime: number): Verdict {
    this.isClosed ||= this.#isTooMany(suspects.length, countHeld, uptime);
    if (this.isClosed) {
      for (const topic of suspects) this.#hold(topic);
      return { believed: [], held: suspects };
    }
    if (suspects.length > 0) this.#believed.add(suspects.length, uptime);
    return { believed: suspects, held: [] };
  }

  /** All that was suspected has been judged, or has turned up. */
  openIfEmpty(): void {
    if (this.size === 0) this.isClosed = false;
  }

  /** The topic was written again, or the broker has shown it. */
  release(topic: string): void {
    if (!this.#held.delete(topic)) return;
    this.openIfEmpty();
    this.changed(topic);
  }

  /** A person has decided, or the broker turned out to have lost its data: takes out all that was held. */
  takeHeld(): readonly string[] {
    const held = [...this.#held];
    this.#held.clear();
    this.isClosed = false;
    this.#believed.clear();
    for (const topic of held) this.changed(topic);
    return held;
  }

  #hold(topic: string): void {
    this.#held.add(topic);
    this.changed(topic);
  }

  #isTooMany(suspects: number, countHeld: () => number, uptime: number): boolean {
    const count = suspects + this.#believed.within(uptime);
    const beyond = count - this.#heard.within(uptime);
    if (beyond <= this.bound.topics) return false;
    // Those believed before are held there no longer.
    return beyond > ((countHeld() + count - suspects) * this.bound.percent) / 100;
  }
}
