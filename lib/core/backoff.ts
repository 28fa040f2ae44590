/** Exponential backoff with jitter, for everything that is tried again. */

export interface BackoffLimits {
  /** Milliseconds before the first retry, at most. */
  readonly first: number;
  /** Milliseconds between retries, at most. */
  readonly longest: number;
}

/**
 * Milliseconds to wait before the retry with this number (from 0): doubled each time up to the longest, and
 * drawn from the upper half of that, so that many who failed together do not return together.
 *
 * @param chance a random number in [0, 1)
 */
export function backoff(retry: number, { first, longest }: BackoffLimits, chance: number): number {
  const ceiling = Math.min(first * 2 ** Math.min(retry, 30), longest);
  return Math.round(ceiling * (0.5 + chance / 2));
}
