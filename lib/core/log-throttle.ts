/** What recurs is said now and then: each kind at the first time, and again after a while. Bounded by the kinds. */

/** Milliseconds before the next of a kind is said. */
const QUIET = 10 * 60_000;

export class LogThrottle<Kind> {
  readonly #loggedAt = new Map<Kind, number>();

  /** Whether it is to be said at this time, in milliseconds; then it counts as said. */
  isDue(kind: Kind, now: number): boolean {
    if (now - (this.#loggedAt.get(kind) ?? Number.NEGATIVE_INFINITY) < QUIET) return false;
    this.#loggedAt.set(kind, now);
    return true;
  }
}
