/** The convergence histogram: the cumulative buckets of Prometheus become columns and a sentence. */

import type { Histogram } from '../../api.ts';
import { elapsed } from './figures.ts';

export interface Column {
  /** Bounds in milliseconds: more than `from`, at most `upTo`; null is infinity. */
  readonly from: number;
  readonly upTo: number | null;
  readonly count: number;
  /** The height as a part of the highest column, 0 to 1. */
  readonly height: number;
}

/** Empty buckets at both ends are left out. */
export function columns({ buckets }: Histogram): Column[] {
  const counts = buckets.map(({ upTo, count }, i) => ({
    from: buckets[i - 1]?.upTo ?? 0,
    upTo,
    count: Math.max(0, count - (buckets[i - 1]?.count ?? 0)),
  }));
  const first = counts.findIndex(({ count }) => count > 0);
  if (first < 0) return [];
  const last = counts.findLastIndex(({ count }) => count > 0);
  const highest = Math.max(...counts.map(({ count }) => count));
  return counts.slice(first, last + 1).map(column => ({ ...column, height: column.count / highest }));
}

/** The smallest bound within which this part (0 to 1) of the changes arrived; null if that is more than the last bound. */
export function within({ buckets, count }: Histogram, part: number): number | null {
  return buckets.find(bucket => bucket.count >= count * part)?.upTo ?? null;
}

export function sentence(histogram: Histogram): string {
  if (histogram.count === 0) return 'Nothing has changed yet.';
  return `Half of the changes arrived everywhere ${bound(histogram, 0.5)}, 95\u00a0% ${bound(histogram, 0.95)}.`;
}

function bound(histogram: Histogram, part: number): string {
  const limit = within(histogram, part);
  if (limit !== null) return `within ${elapsed(limit)}`;
  const longest = histogram.buckets.findLast(({ upTo }) => upTo !== null)?.upTo ?? 0;
  return `after more than ${elapsed(longest)}`;
}
