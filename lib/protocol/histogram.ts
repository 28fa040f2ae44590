/** Durations counted by bucket: a few numbers for something that happens often, handed out as plain data. */

/** Upper bounds of the buckets in seconds. One more bucket counts longer durations. */
export const BOUNDS = {
  /** From one tick at a high merge frequency to the return of a site after an hour. */
  convergence: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600],
  roundTrip: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  commit: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  tick: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
} as const satisfies Record<string, readonly number[]>;

export interface HistogramCounts {
  /** By bucket, not cumulative; one more than the bounds. */
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

  /** Counts one duration in seconds. A clock that was set back may make it negative: that counts as 0. */
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
