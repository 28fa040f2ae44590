/** Exponential backoff with jitter, for everything that is retried. */

export interface BackoffLimits {
  /** The longest wait before the first retry, in milliseconds. */
  readonly first: number;
  /** The longest wait between retries, in milliseconds. */
  readonly longest: number;
}

/**
 * Milliseconds to wait before the retry with this number, from 0. The ceiling doubles each time up to the longest wait. The
 * wait is drawn from the upper half below the ceiling, so that clients that failed together do not retry together.
 *
 * @param chance a random number in [0, 1)
 */
export function backoff(retry: number, { first, longest }: BackoffLimits, chance: number): number {
  const ceiling = Math.min(first * 2 ** Math.min(retry, 30), longest);
  return Math.round(ceiling * (0.5 + chance / 2));
}
