/** Percentiles of durations. */

/**
 * The nearest-rank percentile: the smallest value such that at least `share` (0 < share ≤ 1) of all values are not
 * larger. Undefined if there are no values.
 */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1];
}
