/**
 * Lines for what may come in masses: the first few are said one by one, and the others are counted, and said together now
 * and then. So a log stays readable where ten thousand topics meet the same fate.
 */

/** Lines that are said one by one, in each period. */
export const SINGLE_LINES = 5;
const PERIOD_MS = 10 * 60_000;

/** Milliseconds for which others are counted before they are said together: the first time, doubled up to the period. */
const FIRST_COUNT_MS = 10_000;

/** Several of a kind. */
export interface Digest {
  readonly count: number;
  /** One of them. */
  readonly example: string;
}

export class LogDigest {
  #logged = 0;
  #periodBegan = Number.NEGATIVE_INFINITY;
  #count = 0;
  #example = '';
  #countMs = FIRST_COUNT_MS;
  #dueAt = Number.POSITIVE_INFINITY;

  /** Whether this one is to be said by itself. If not, it is counted. Times are milliseconds. */
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

  /** Whether something was counted and not said. */
  get hasUnlogged(): boolean {
    return this.#count > 0;
  }

  /** What was counted, where it is to be said now. */
  take(now: number): Digest | undefined {
    if (now < this.#dueAt) return undefined;
    const digest = { count: this.#count, example: this.#example };
    this.#count = 0;
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#countMs = Math.min(2 * this.#countMs, PERIOD_MS);
    return digest;
  }
}
