/** How long changes took to reach all brokers: over time, and in one sentence. */

import type { Histogram, RateSample } from '../../api.ts';
import { elapsed } from './figures.ts';

/** For the chart: one entry for each sample, null where nothing changed. */
export interface ConvergenceColumns {
  /** Seconds since 1970. */
  readonly at: number[];
  /** Milliseconds. */
  readonly median: (number | null)[];
  readonly p95: (number | null)[];
}

export function convergenceColumns(rates: readonly RateSample[]): ConvergenceColumns {
  return {
    at: rates.map(({ at }) => at / 1000),
    median: rates.map(({ converged }) => converged.median),
    p95: rates.map(({ converged }) => converged.p95),
  };
}

/** The indices of values without a neighbour: no line leads to them, so they need a point. */
export function alone(values: ArrayLike<number | null | undefined>): number[] {
  const isThere = (index: number) => (values[index] ?? null) !== null;
  return Array.from(values, (_, index) => index).filter(
    index => isThere(index) && !isThere(index - 1) && !isThere(index + 1),
  );
}

/** The smallest bound within which this part (0 to 1) of the changes arrived; null if that is more than the last bound. */
export function within({ buckets, count }: Histogram, part: number): number | null {
  return buckets.find(bucket => bucket.count >= count * part)?.upTo ?? null;
}

export function sentence(histogram: Histogram): string {
  if (histogram.count === 0) return 'Nothing has changed yet.';
  return `Since the start half of the changes arrived everywhere ${bound(histogram, 0.5)}, 95\u00a0% ${bound(histogram, 0.95)}.`;
}

function bound(histogram: Histogram, part: number): string {
  const limit = within(histogram, part);
  if (limit !== null) return `within ${elapsed(limit)}`;
  const longest = histogram.buckets.findLast(({ upTo }) => upTo !== null)?.upTo ?? 0;
  return `after more than ${elapsed(longest)}`;
}
