/**
 * How long the broker takes to acknowledge a publish. One publish at a time is timed, as TCP does with its segments:
 * that costs nothing, however many there are.
 */

import { BOUNDS, Histogram } from '../../protocol/histogram.ts';

/** The last ones, of which the median is taken. */
const REMEMBERED = 32;

export class RoundTrips {
  readonly histogram = new Histogram(BOUNDS.roundTrip);
  /** Milliseconds; a ring. */
  readonly #last: number[] = [];
  #count = 0;
  /** The publish that is being timed, if any. */
  #timed: object | undefined;
  #begin = 0;

  /** A publish that will be acknowledged goes out. */
  sent(publish: object): void {
    if (this.#timed !== undefined) return;
    this.#timed = publish;
    this.#begin = performance.now();
  }

  acknowledged(publish: object): void {
    if (publish !== this.#timed) return;
    this.#timed = undefined;
    const milliseconds = performance.now() - this.#begin;
    this.histogram.observe(milliseconds / 1000);
    this.#last[this.#count++ % REMEMBERED] = milliseconds;
  }

  /** The connection is gone, and with it the acknowledgement. */
  parted(): void {
    this.#timed = undefined;
  }

  /** Milliseconds; null where there were none. */
  get median(): number | null {
    const sorted = this.#last.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }
}
