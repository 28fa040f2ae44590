/** When to connect again after a failure, and which failures are logged. */

import { type BackoffLimits, backoff } from '../../core/backoff.ts';

/** Retries after a failure of the network, in milliseconds. */
const NETWORK_BACKOFF: BackoffLimits = { first: 1_000, longest: 60_000 };

/**
 * Retries after the broker refused the credentials, in milliseconds. A broker that is starting may refuse them for some
 * seconds, so the first retries come soon. A lasting refusal has to be fixed by a person.
 */
const REFUSAL_BACKOFF: BackoffLimits = { first: 2_000, longest: 300_000 };

/** After this many provoked hang-ups in a row, further ones count as failures of the network. */
const MAX_PROVOKED = 20;

/** `provoked`: the broker hung up while publishes of mqttrep were in flight. */
export type FailureCause = 'network' | 'refusal' | 'provoked';

export class Retries {
  readonly #period: number | undefined;
  /** Failures in a row. */
  readonly #failures: Record<FailureCause, number> = { network: 0, refusal: 0, provoked: 0 };
  #last: FailureCause = 'network';

  /** @param period milliseconds between attempts, if the user configured them; otherwise backoff */
  constructor(period: number | undefined) {
    this.#period = period === 0 ? undefined : period;
  }

  /** Milliseconds until the next attempt. */
  failed(cause: FailureCause, chance: number): number {
    // A broker that was away may have other access rules when it is back.
    if (cause === 'network') this.#failures.refusal = 0;
    const counted = cause === 'provoked' && this.#failures.provoked >= MAX_PROVOKED ? 'network' : cause;
    const failures = this.#failures[counted]++;
    this.#last = counted;
    if (counted === 'provoked') return this.#period ?? backoff(0, NETWORK_BACKOFF, chance);
    return (
      this.#period ?? backoff(failures, counted === 'network' ? NETWORK_BACKOFF : REFUSAL_BACKOFF, chance)
    );
  }

  /** The broker accepts the credentials. */
  accepted(): void {
    this.#failures.refusal = 0;
  }

  /** The connection was healthy: backoff starts again. */
  reset(): void {
    for (const cause of Object.keys(this.#failures) as FailureCause[]) this.#failures[cause] = 0;
  }

  /** Whether the last failure is logged above the level debug: the first, second, fourth, eighth… one is. */
  get isWorthLogging(): boolean {
    const failures = this.#failures[this.#last];
    return (failures & (failures - 1)) === 0;
  }
}
