/** Limits log lines that recur: each kind is logged the first time, and again after a while. */

/** Milliseconds after a line in which no other line of its kind is logged. */
const REPEAT_INTERVAL_MS = 10 * 60_000;

export class LogThrottle<Kind> {
  readonly #loggedAt = new Map<Kind, number>();

  /** Whether a line of this kind is to be logged at this time, in milliseconds. If so, it counts as logged. */
  isDue(kind: Kind, now: number): boolean {
    if (now - (this.#loggedAt.get(kind) ?? Number.NEGATIVE_INFINITY) < REPEAT_INTERVAL_MS) return false;
    this.#loggedAt.set(kind, now);
    return true;
  }
}
