/** When to connect again after a failure, and how loudly to speak of it. */

import { type BackoffLimits, backoff } from '../../core/backoff.ts';

/** Retries after the network failed. */
const NETWORK: BackoffLimits = { first: 1_000, longest: 60_000 };

/**
 * Retries after the broker refused our credentials. A broker that is starting may do so for some seconds, so the first
 * retries come soon. Where it goes on, a person has to fix it.
 */
const REFUSAL: BackoffLimits = { first: 2_000, longest: 300_000 };

/** Hang-ups in a row that publishes of ours may have provoked, before they count as failures of the network. */
const MAX_PROVOKED = 20;

/** `provoked`: the broker hung up while publishes of ours were in flight. */
export type FailureCause = 'network' | 'refusal' | 'provoked';

export class Retries {
  readonly #period: number | undefined;
  /** In a row. */
  readonly #failures: Record<FailureCause, number> = { network: 0, refusal: 0, provoked: 0 };
  #last: FailureCause = 'network';

  /** @param period milliseconds between attempts where the user configured them; else backoff */
  constructor(period: number | undefined) {
    this.#period = period === 0 ? undefined : period;
  }

  /** Milliseconds until the next attempt. */
  failed(cause: FailureCause, chance: number): number {
    // A broker that was away may have other rules when it is back.
    if (cause === 'network') this.#failures.refusal = 0;
    const counted = cause === 'provoked' && this.#failures.provoked >= MAX_PROVOKED ? 'network' : cause;
    const failures = this.#failures[counted]++;
    this.#last = counted;
    if (counted === 'provoked') return this.#period ?? backoff(0, NETWORK, chance);
    return this.#period ?? backoff(failures, counted === 'network' ? NETWORK : REFUSAL, chance);
  }

  /** The broker accepts us. */
  accepted(): void {
    this.#failures.refusal = 0;
  }

  /** The connection was healthy: backoff starts again. */
  reset(): void {
    for (const cause of Object.keys(this.#failures) as FailureCause[]) this.#failures[cause] = 0;
  }

  /** Whether the last failure is worth more than a line for debugging: the first, second, fourth, eighth… is. */
  get isWorthSaying(): boolean {
    const failures = this.#failures[this.#last];
    return (failures & (failures - 1)) === 0;
  }
}
