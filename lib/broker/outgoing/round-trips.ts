/**
 * How long the broker takes to acknowledge a publish. One publish at a time is measured, as TCP does with its segments, so the
 * cost does not grow with the load.
 */

import { BOUNDS, Histogram } from '../../protocol/histogram.ts';

/** The median is that of the last measurements. */
const MAX_MEASUREMENTS = 32;

export class RoundTrips {
  readonly histogram = new Histogram(BOUNDS.roundTrip);
  /** Milliseconds; a ring buffer. */
  readonly #last: number[] = [];
  #count = 0;
  /** The publish that is being measured. */
  #measured: object | undefined;
  #begin = 0;

  /** A publish of QoS 1 or 2 goes out. */
  sent(publish: object): void {
    if (this.#measured !== undefined) return;
    this.#measured = publish;
    this.#begin = performance.now();
  }

  acknowledged(publish: object): void {
    if (publish !== this.#measured) return;
    this.#measured = undefined;
    const milliseconds = performance.now() - this.#begin;
    this.histogram.observe(milliseconds / 1000);
    this.#last[this.#count++ % MAX_MEASUREMENTS] = milliseconds;
  }

  /** The connection has ended: no acknowledgement will come. */
  disconnected(): void {
    this.#measured = undefined;
  }

  /** Milliseconds; null where nothing was measured. */
  get median(): number | null {
    const sorted = this.#last.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }
}
