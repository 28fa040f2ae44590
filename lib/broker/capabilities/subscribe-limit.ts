/**
 * How many filters a broker takes in one SUBSCRIBE or UNSUBSCRIBE. No broker announces it: some close the connection, some
 * refuse or ignore the filters beyond, some do not answer. It is learned by halving, and remembered as long as the
 * process lives.
 *
 * A connection can end for any other reason. So an end counts only where no packet with as many filters was ever answered,
 * and only the second one in a row has a consequence.
 */

/** Ends of a connection in a row, with so many filters unanswered, after which fewer are sent. */
const MAX_STRIKES = 2;

export class SubscribeLimit {
  /** Filters in one packet at most; Infinity as long as nothing is known. */
  filters = Number.POSITIVE_INFINITY;
  readonly #learned: (filters: number) => void;
  /** The most that were ever answered at once. */
  #answered = 1;
  /** The fewest that were left unanswered since. */
  #suspectedLimit = Number.POSITIVE_INFINITY;
  #strikes = 0;

  /** @param learned told each new limit */
  constructor(learned: (filters: number) => void = () => undefined) {
    this.#learned = learned;
  }

  /** The broker answered a packet with so many filters. */
  answered(filters: number): void {
    this.#answered = Math.max(this.#answered, filters);
    if (filters >= this.#suspectedLimit) this.#forgive();
  }

  /** The connection ended, or was given up, before a packet with so many filters was answered. */
  unanswered(filters: number): void {
    if (filters <= this.#answered) return;
    this.#suspectedLimit = Math.min(this.#suspectedLimit, filters);
    if (++this.#strikes < MAX_STRIKES) return;
    this.#halve(filters);
  }

  /** The broker refused every filter of a packet with so many. */
  refused(filters: number): void {
    if (filters > this.#answered) this.#halve(filters);
  }

  /** The broker took so many filters of a packet, and none behind them. */
  took(filters: number): void {
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
