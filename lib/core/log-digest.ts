/**
 * Limits log lines of which there may be very many. The first few are logged one by one; the others are counted, and logged as
 * one line from time to time. So the log stays readable if the same happens to ten thousand topics.
 */

/** Lines that are logged one by one, in each period. */
export const SINGLE_LINES = 5;
const PERIOD_MS = 10 * 60_000;

/** For how long further lines are counted before they are logged as one: the first time. It doubles up to the period. */
const FIRST_COUNT_MS = 10_000;

/** Several lines of a kind, as one. */
export interface Digest {
  readonly count: number;
  /** The subject of one of them. */
  readonly example: string;
}

export class LogDigest {
  #logged = 0;
  #periodBegan = Number.NEGATIVE_INFINITY;
  #count = 0;
  #example = '';
  #countMs = FIRST_COUNT_MS;
  #dueAt = Number.POSITIVE_INFINITY;

  /** Whether this line is to be logged by itself. If not, it is counted. Times are in milliseconds. */
  isLoggedAlone(example: string, now: number): boolean {
    if (now - this.#periodBegan >= PERIOD_MS && this.#count === 0) {
      this.#periodBegan = now;
      this.#logged = 0;
      this.#countMs = FIRST_COUNT_MS;
    }
    if (this.#logged < SINGLE_LINES) {
      this.#logged++;
      return true;
    }
    if (this.#count++ === 0) {
      this.#example = example;
      this.#dueAt = now + this.#countMs;
    }
    return false;
  }

  /** Whether lines were counted and not logged. */
  get hasUnlogged(): boolean {
    return this.#count > 0;
  }

  /** The lines that were counted, if it is time to log them; else undefined. */
  take(now: number): Digest | undefined {
    if (now < this.#dueAt) return undefined;
    const digest = { count: this.#count, example: this.#example };
    this.#count = 0;
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#countMs = Math.min(2 * this.#countMs, PERIOD_MS);
    return digest;
  }
}
