/** How long the changes of each sample took to converge: the median and the 95th percentile of what was counted since the last one. */

import { BOUNDS, type HistogramCounts } from '../protocol/histogram.ts';
import type { ConvergedChanges } from './api.ts';

const NONE: ConvergedChanges = { count: 0, median: null, p95: null };

export class ConvergenceSamples {
  #before: readonly number[] = [];

  /** @param counts since the start; undefined if nothing has been counted */
  next(counts: HistogramCounts | undefined): ConvergedChanges {
    const buckets = counts?.buckets ?? [];
    const before = this.#before;
    this.#before = buckets;
    const since = buckets.map((count, index) => Math.max(0, count - (before[index] ?? 0)));
    const count = since.reduce((sum, each) => sum + each, 0);
    if (count === 0) return NONE;
    return { count, median: quantile(since, count, 0.5), p95: quantile(since, count, 0.95) };
  }
}

/**
 * Milliseconds. Within a bucket the changes count as spread evenly, as in Prometheus; beyond the last bound it is that bound.
 */
function quantile(buckets: readonly number[], count: number, part: number): number {
  const bounds = BOUNDS.convergence;
  const rank = count * part;
  let below = 0;
  for (const [index, bound] of bounds.entries()) {
    const here = buckets[index] ?? 0;
    if (here > 0 && below + here >= rank) {
      const from = bounds[index - 1] ?? 0;
      return Math.round((from + (bound - from) * ((rank - below) / here)) * 10_000) / 10;
    }
    below += here;
  }
  return (bounds.at(-1) ?? 0) * 1000;
}
