/**
 * When a crashed actor is restarted, and when it has crashed too often. Each actor has a budget of its own, so that one
 * that crashes repeatedly does not use up the budget of the others.
 */

import { type BackoffLimits, backoff } from '../core/backoff.ts';

/** An actor may crash so often within CRASH_WINDOW_MS. */
export const MAX_CRASHES = 10;

/** How long a broker's worker is parked after too many crashes. */
export const PARKED_MS = 10 * 60_000;

const CRASH_WINDOW_MS = 60_000;
const RESTART_BACKOFF_MS: BackoffLimits = { first: 100, longest: 10_000 };

export class RestartPolicy {
  readonly #crashes: number[] = [];

  /**
   * Notes a crash. Returns the milliseconds to wait before the restart, or `give up`.
   * @param now milliseconds
   * @param chance from 0 to 1, as `backoff` takes it
   */
  crashed(now: number, chance: number): number | 'give up' {
    while ((this.#crashes[0] ?? now) < now - CRASH_WINDOW_MS) this.#crashes.shift();
    this.#crashes.push(now);
    if (this.#crashes.length > MAX_CRASHES) return 'give up';
    return backoff(this.#crashes.length - 1, RESTART_BACKOFF_MS, chance);
  }

  /** The actor was parked: its budget is full again. */
  forgetCrashes(): void {
    this.#crashes.length = 0;
  }
}
