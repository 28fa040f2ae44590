/**
 * How many filters a broker accepts in one SUBSCRIBE or UNSUBSCRIBE. No broker announces it. AWS IoT Core, for example, accepts
 * eight. Some brokers close the connection, some refuse or ignore the filters beyond the limit, some do not answer. The limit
 * is learned by halving.
 *
 * A connection may end for any other reason. So an end counts only if no packet with as many filters was ever answered, and
 * only the second end in a row lowers the limit.
 *
 * The limit does not last: the broker may be reconfigured, or the network was at fault. After some time twice as many filters
 * are tried. If the broker answers, the limit is raised at once, and again with the next packet. If not, the limit stays, and
 * the next attempt comes after twice the time, because it may cost a connection.
 */

import type { FilterLimit } from '../connection/filter-limit.ts';

/** Ends of a connection in a row with a packet of this size unanswered, after which fewer filters are sent. */
const MAX_STRIKES = 2;

/** Time until more filters are tried. */
const FIRST_RETRY_MS = 10 * 60_000;
const MAX_RETRY_MS = 24 * 60 * 60_000;

export class SubscribeLimit implements FilterLimit {
  readonly #learned: (filters: number) => void;
  readonly #uptime: () => number;
  readonly #configured: number;
  #limit = Number.POSITIVE_INFINITY;
  /** The limit that `learned` was called with last. */
  #reported = Number.POSITIVE_INFINITY;
  /** The most filters in a packet that was answered. */
  #answered = 1;
  /** The fewest filters in a packet that was left unanswered since. */
  #suspectedLimit = Number.POSITIVE_INFINITY;
  #strikes = 0;
  #retryMs = FIRST_RETRY_MS;
  #retryAt = Number.POSITIVE_INFINITY;

  /**
   * @param learned called with each new limit
   * @param uptime milliseconds, as of `performance.now()`
   * @param configured filters in one packet at most, whatever is learned
   */
  constructor(
    learned: (filters: number) => void = () => undefined,
    uptime: () => number = () => performance.now(),
    configured = Number.POSITIVE_INFINITY,
  ) {
    this.#configured = configured;
    this.#learned = learned;
    this.#uptime = uptime;
  }

  /** Filters in one packet at most; Infinity as long as nothing is known. */
  get filters(): number {
    const learned = this.#uptime() < this.#retryAt ? this.#limit : 2 * this.#limit;
    return Math.min(learned, this.#configured);
  }

  answered(filters: number): void {
    this.#answered = Math.max(this.#answered, filters);
    if (filters >= this.#suspectedLimit) this.#forgive();
    if (filters > this.#limit) this.#limit = filters;
  }

  unanswered(filters: number): void {
    if (filters <= this.#answered) return;
    if (this.#limit < filters) {
      this.#retryFailed();
      return;
    }
    this.#suspectedLimit = Math.min(this.#suspectedLimit, filters);
    if (++this.#strikes < MAX_STRIKES) return;
    this.#halve(filters);
  }

  refused(filters: number): void {
    if (this.#limit < filters) this.#retryFailed();
    else if (filters > this.#answered) this.#halve(filters);
  }

  accepted(filters: number): void {
    this.#lower(Math.max(1, filters));
  }

  #halve(filters: number): void {
    this.#lower(Math.max(this.#answered, Math.floor(filters / 2)));
  }

  #forgive(): void {
    this.#suspectedLimit = Number.POSITIVE_INFINITY;
    this.#strikes = 0;
  }

  #lower(filters: number): void {
    this.#forgive();
    if (filters >= this.#limit) return;
    this.#limit = filters;
    this.#retryMs = FIRST_RETRY_MS;
    this.#retryAt = this.#uptime() + this.#retryMs;
    if (filters === this.#reported) return;
    this.#reported = filters;
    this.#learned(filters);
  }

  /** A packet with more filters than the limit was not answered. The limit stays. */
  #retryFailed(): void {
    this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
    this.#retryAt = this.#uptime() + this.#retryMs;
  }
}
