/** Of many measurements the few that are told. */

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The smallest value that the given share (0…1) of all does not exceed; NaN, which counts for nothing, for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.filter(value => !Number.isNaN(value)).sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** NaN, which counts for nothing, for none. */
export function greatest(values: Iterable<number>): number {
  let most = Number.NaN;
  for (const value of values) if (!(value <= most) && !Number.isNaN(value)) most = value;
  return most;
}
