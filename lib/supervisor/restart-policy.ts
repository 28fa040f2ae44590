/**
 * When a crashed actor is started again, and when it has crashed too often. Each actor has a budget of its own, so that one
 * that crashes again and again does not use up that of the others.
 */

import { type BackoffLimits, backoff } from '../core/backoff.ts';

/** Crashes of one actor within the last minute that are borne. */
export const MAX_CRASHES = 10;

/** Milliseconds for which the actor of a broker rests that has crashed too often. */
export const PARKED_MS = 10 * 60_000;

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

  /** The actor has rested. */
  forgive(): void {
    this.#crashes.length = 0;
  }
}
