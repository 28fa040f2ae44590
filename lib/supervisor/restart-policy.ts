/** When a crashed actor is started again, and when to give up and leave it to whoever supervises the process. */

import { type BackoffLimits, backoff } from '../core/backoff.ts';

/** Crashes within the last minute, of all actors together, that are borne. */
export const MAX_CRASHES = 10;

const WITHIN = 60_000;
const LIMITS: BackoffLimits = { first: 100, longest: 10_000 };

export class RestartPolicy {
  readonly #crashes: number[] = [];

  /**
   * Notes a crash at a time (milliseconds) and says what to do: milliseconds to wait before the restart, or
   * `give up`.
   */
  crashed(now: number, chance: number): number | 'give up' {
    while ((this.#crashes[0] ?? now) < now - WITHIN) this.#crashes.shift();
    this.#crashes.push(now);
    if (this.#crashes.length > MAX_CRASHES) return 'give up';
    return backoff(this.#crashes.length - 1, LIMITS, chance);
  }
}
