/**
 * Durations counted by bucket: what an actor keeps of something that happens often, in a few numbers, and hands
 * out as plain data.
 */

/** Seconds, the upper bounds of the buckets; the last bucket, for what is longer, has none. */
export const BOUNDS = {
  /** From the next tick of a fast merge to a site that was away for hours. */
  convergence: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600],
  roundTrip: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  commit: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  tick: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
} as const satisfies Record<string, readonly number[]>;

/** Plain data. */
export interface HistogramCounts {
  /** By bucket, not cumulative; one more than there are bounds. */
  readonly buckets: readonly number[];
  /** Seconds. */
  readonly sum: number;
}

export class Histogram {
  readonly #bounds: readonly number[];
  readonly #buckets: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#buckets = new Array<number>(bounds.length + 1).fill(0);
  }

  /** Counts one duration, in seconds; clocks that were set back may make it negative, which counts as none. */
  observe(seconds: number): void {
    const duration = Math.max(0, seconds);
    let bucket = 0;
    while (bucket < this.#bounds.length && duration > (this.#bounds[bucket] ?? 0)) bucket++;
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#sum += duration;
  }

  get counts(): HistogramCounts {
    return { buckets: [...this.#buckets], sum: this.#sum };
  }
}
