/**
 * When the changes arrived here that have not reached all brokers yet, by topic.
 *
 * A version does not tell that: another replicator, or an earlier process, may have dated it long before. Times are
 * milliseconds of `performance.now()`, so no time from an arrival is longer than the process runs.
 */

/** Topics whose arrival is kept. Beyond that the oldest arrival makes room, and its change is not timed. */
const MAX_ARRIVALS = 100_000;

export class Arrivals {
  /** The oldest comes first. */
  readonly #arrivals = new Map<string, number>();
  /** Goes on at the oldest one. A new iterator would step over all removed ones that the map has not cleaned up yet. */
  #oldest: Iterator<string> | undefined;
  readonly #most: number;
  #dropped = 0;

  constructor(most = MAX_ARRIVALS) {
    this.#most = most;
  }

  /** Changes that are not timed, for lack of room. */
  get dropped(): number {
    return this.#dropped;
  }

  get size(): number {
    return this.#arrivals.size;
  }

  /** The topic has another winner. */
  arrived(topic: string, uptime: number): void {
    this.#arrivals.delete(topic);
    this.#arrivals.set(topic, uptime);
    if (this.#arrivals.size <= this.#most) return;
    this.#dropOldest();
  }

  #dropOldest(): void {
    this.#oldest ??= this.#arrivals.keys();
    const { value, done } = this.#oldest.next();
    if (done === true) {
      this.#oldest = undefined;
      this.#dropOldest();
      return;
    }
    this.#arrivals.delete(value);
    this.#dropped++;
  }

  /** Takes out when the winner of the topic arrived; undefined if that is not known. */
  take(topic: string): number | undefined {
    const at = this.#arrivals.get(topic);
    if (at !== undefined) this.#arrivals.delete(topic);
    return at;
  }
}
