/** What is said of many durations in a few numbers. */

/**
 * The smallest of the values that at least `share` (0 < share ≤ 1) of them do not exceed: the nearest-rank
 * percentile. Undefined where there are no values.
 */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1];
}
