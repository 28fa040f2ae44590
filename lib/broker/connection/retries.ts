/** When to connect again after a failure, and how loudly to speak of it. */

import { type BackoffLimits, backoff } from '../../core/backoff.ts';

/** Retries after the network failed. */
const NETWORK: BackoffLimits = { first: 1_000, longest: 60_000 };

/** Retries after the broker said no to who we are: that takes a person to mend. */
const REFUSAL: BackoffLimits = { first: 30_000, longest: 300_000 };

export class Retries {
  readonly #period: number | undefined;
  #failures = 0;

  /** @param period milliseconds between attempts where the user configured them; else backoff */
  constructor(period: number | undefined) {
    this.#period = period === 0 ? undefined : period;
  }

  /** Milliseconds until the next attempt. */
  failed(cause: 'network' | 'refusal', chance: number): number {
    const failures = this.#failures++;
    return this.#period ?? backoff(failures, cause === 'network' ? NETWORK : REFUSAL, chance);
  }

  /** The connection was healthy: backoff starts anew. */
  reset(): void {
    this.#failures = 0;
  }

  /** Whether the last failure is worth more than a line for debugging: the first, second, fourth, eighth… is. */
  get isWorthSaying(): boolean {
    return (this.#failures & (this.#failures - 1)) === 0;
  }
}
