/**
 * How many filters a broker takes in one SUBSCRIBE or UNSUBSCRIBE. No broker announces it: some close the connection, some
 * refuse or ignore the filters beyond, some do not answer. It is learned by halving.
 *
 * A connection can end for any other reason. So an end counts only where no packet with as many filters was ever answered,
 * and only the second one in a row has a consequence.
 *
 * The limit is not for ever: the broker may be reconfigured, or the network was at fault. After some time twice as many
 * filters are tried. Where these are answered the limit is raised at once, and again with the next packet; where they are
 * not, the limit stands, and the next trial comes later by twice the time, since it may cost a connection.
 */

/** Ends of a connection in a row, with so many filters unanswered, after which fewer are sent. */
const MAX_STRIKES = 2;

/** Milliseconds until more filters are tried, the first time and at most. */
const FIRST_RETRY_MS = 10 * 60_000;
const LONGEST_RETRY_MS = 24 * 60 * 60_000;

export class SubscribeLimit {
  readonly #learned: (filters: number) => void;
  readonly #uptime: () => number;
  #limit = Number.POSITIVE_INFINITY;
  #told = Number.POSITIVE_INFINITY;
  /** The most that were ever answered at once. */
  #answered = 1;
  /** The fewest that were left unanswered since. */
  #suspectedLimit = Number.POSITIVE_INFINITY;
  #strikes = 0;
  #retryMs = FIRST_RETRY_MS;
  #retryAt = Number.POSITIVE_INFINITY;

  /**
   * @param learned told each new limit
   * @param uptime milliseconds, as of `performance.now()`
   */
  constructor(
    learned: (filters: number) => void = () => undefined,
    uptime: () => number = () => performance.now(),
  ) {
    this.#learned = learned;
    this.#uptime = uptime;
  }

  /** Filters in one packet at most; Infinity as long as nothing is known. */
  get filters(): number {
    return this.#uptime() < this.#retryAt ? this.#limit : 2 * this.#limit;
  }

  /** The broker answered a packet with so many filters. */
  answered(filters: number): void {
    this.#answered = Math.max(this.#answered, filters);
    if (filters >= this.#suspectedLimit) this.#forgive();
    if (filters <= this.#limit) return;
    this.#limit = filters;
  }

  /** The connection ended, or was given up, before a packet with so many filters was answered. */
  unanswered(filters: number): void {
    if (filters <= this.#answered) return;
    if (this.#limit < filters) {
      this.#triedInVain();
      return;
    }
    this.#suspectedLimit = Math.min(this.#suspectedLimit, filters);
    if (++this.#strikes < MAX_STRIKES) return;
    this.#halve(filters);
  }

  /** The broker refused every filter of a packet with so many. */
  refused(filters: number): void {
    if (this.#limit < filters) this.#triedInVain();
    else if (filters > this.#answered) this.#halve(filters);
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
    if (filters >= this.#limit) return;
    this.#limit = filters;
    this.#retryMs = FIRST_RETRY_MS;
    this.#retryAt = this.#uptime() + this.#retryMs;
    if (filters === this.#told) return;
    this.#told = filters;
    this.#learned(filters);
  }

  /** More than the limit, which stands. */
  #triedInVain(): void {
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
    this.#retryAt = this.#uptime() + this.#retryMs;
  }
}
