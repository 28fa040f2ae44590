/**
 * The addresses of one broker: it is tried at each of them in turn, from the first one. Whether another address leads to the same
 * broker, the marker tells, as after any absence: a broker without it gets all that it lacks, and nothing is deleted because of
 * what it does not have.
 */

export class Addresses {
  readonly #urls: readonly [string, ...string[]];
  #index = 0;

  /** @param others in the order in which they are tried after the first one */
  constructor(first: string, others: readonly string[] = []) {
    this.#urls = [first, ...others];
  }

  get current(): string {
    return this.#urls[this.#index] ?? this.#urls[0];
  }

  /** The current one for people: without credentials, path and query. */
  get shown(): string {
    const { protocol, host } = new URL(this.current);
    return `${protocol}//${host}`;
  }

  get first(): string {
    return this.#urls[0];
  }

  get isFirst(): boolean {
    return this.#index === 0;
  }

  /** Moves on to the next address. Returns false if all have been tried: then the first one is next. */
  next(): boolean {
    this.#index = (this.#index + 1) % this.#urls.length;
    return this.#index !== 0;
  }

  /** The next attempt begins with the first address. */
  restart(): void {
    this.#index = 0;
  }
}
