/** Summaries of measurements. NaN stands for a missing measurement and is ignored. */

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The smallest value such that the given share (0…1) of all values are not larger. NaN if there are no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.filter(value => !Number.isNaN(value)).sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** NaN if there are no values. */
export function greatest(values: Iterable<number>): number {
  let most = Number.NaN;
  for (const value of values) if (!(value <= most) && !Number.isNaN(value)) most = value;
  return most;
}
