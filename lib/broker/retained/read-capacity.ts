/** How many messages a broker shows at once, as its reads tell, and so how many filters are read together. */

/** Most filters in one part. */
const MAX_FILTERS = 64;

/** Every tested broker shows this many messages at once. */
const SAFE_MESSAGES = 1_000;

export class ReadCapacity {
  /** Of the parts that were complete and not empty. */
  #messages = 0;
  #filters = 0;
  #largest = 0;
  /** The fewest messages of a read that was cut. */
  #cut = Number.POSITIVE_INFINITY;

  complete(messages: number, filters: number): void {
    this.#messages += messages;
    this.#filters += filters;
    this.#largest = Math.max(this.#largest, messages);
  }

  cut(messages: number): void {
    this.#cut = Math.min(this.#cut, messages);
  }

  /** The filters to read together: these are expected to show about half of what the broker shows at once. */
  get filters(): number {
    if (this.#filters === 0) return 1;
    const expected = Math.max(1, this.#messages / this.#filters);
    const most = Math.min(this.#cut / 2, Math.max(SAFE_MESSAGES, 2 * this.#largest));
    return Math.min(MAX_FILTERS, Math.max(1, Math.floor(most / expected)));
  }
}
