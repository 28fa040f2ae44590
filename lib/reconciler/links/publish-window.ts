/**
 * How many publications may be in flight to one broker. What is published is stored before, so a larger window needs fewer commits.
 * But of what is in flight no newer value can take the place, so the window must be small for a slow broker. It follows the time
 * that the broker takes for half of it.
 *
 * Times are milliseconds of `performance.now()`.
 */

/** Publications in flight to one broker at first; at most, if the broker is slow. */
export const CREDIT = 1_000;

/** Publications in flight to one broker at most, if the broker is fast. */
export const MAX_CREDIT = 8_000;

/** A window of which half is settled within this time doubles. */
const FAST_MS = 250;

/** A window of which half takes longer is halved. It must be more than twice FAST_MS, or the size would alternate. */
const SLOW_MS = 1_000;

export class PublishWindow {
  #size = CREDIT;
  #usedUpAt = 0;

  /** Publications that may be in flight. */
  get size(): number {
    return this.#size;
  }

  /** The window is used up: no more is published before half of it is settled. */
  usedUp(uptime: number): void {
    this.#usedUpAt = uptime;
  }

  /** Half of it is settled. */
  halfSettled(uptime: number): void {
    const took = uptime - this.#usedUpAt;
    if (took <= FAST_MS) this.#size = Math.min(this.#size * 2, MAX_CREDIT);
    else if (took > SLOW_MS) this.#size = Math.max(this.#size / 2, CREDIT);
  }

  /** A new connection may be slower. */
  reset(): void {
    this.#size = CREDIT;
  }
}
