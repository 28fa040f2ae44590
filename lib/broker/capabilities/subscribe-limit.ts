/**
 * How many filters a broker accepts in one SUBSCRIBE or UNSUBSCRIBE. No broker announces it. AWS IoT Core, for example, accepts
 * eight. Some brokers close the connection, some refuse or ignore the filters beyond the limit, some do not answer. The limit
 * is learned by halving, and remembered as long as the process lives.
 *
 * A connection may end for any other reason. So an end counts only if no packet with as many filters was ever answered, and
 * only the second end in a row lowers the limit.
 */

import type { FilterLimit } from '../connection/filter-limit.ts';

/** Ends of a connection in a row with a packet of this size unanswered, after which fewer filters are sent. */
const MAX_STRIKES = 2;

export class SubscribeLimit implements FilterLimit {
  /** Filters in one packet at most; Infinity as long as nothing is known. */
  filters = Number.POSITIVE_INFINITY;
  readonly #learned: (filters: number) => void;
  /** The most filters in a packet that was answered. */
  #answered = 1;
  /** The fewest filters in a packet that was left unanswered since. */
  #suspectedLimit = Number.POSITIVE_INFINITY;
  #strikes = 0;

  /** @param learned called with each new limit */
  constructor(learned: (filters: number) => void = () => undefined) {
    this.#learned = learned;
  }

  answered(filters: number): void {
    this.#answered = Math.max(this.#answered, filters);
    if (filters >= this.#suspectedLimit) this.#forgive();
  }

  unanswered(filters: number): void {
    if (filters <= this.#answered) return;
    this.#suspectedLimit = Math.min(this.#suspectedLimit, filters);
    if (++this.#strikes < MAX_STRIKES) return;
    this.#halve(filters);
  }

  refused(filters: number): void {
    if (filters > this.#answered) this.#halve(filters);
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
    if (filters >= this.filters) return;
    this.filters = filters;
    this.#learned(filters);
  }
}
