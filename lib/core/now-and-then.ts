/** What recurs is said now and then: each kind at the first time, and again after a while. Bounded by the kinds. */

/** Milliseconds before the next of a kind is said. */
const QUIET = 10 * 60_000;

export class NowAndThen<Kind> {
  readonly #saidAt = new Map<Kind, number>();

  /** Whether it is to be said at this time, in milliseconds; then it counts as said. */
  isDue(kind: Kind, now: number): boolean {
    if (now - (this.#saidAt.get(kind) ?? Number.NEGATIVE_INFINITY) < QUIET) return false;
    this.#saidAt.set(kind, now);
    return true;
  }
}
