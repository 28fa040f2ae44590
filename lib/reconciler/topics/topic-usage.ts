/** How many topics there are and how much memory they take: in all, and by the broker at which they were written. */

export interface Usage {
  readonly topics: number;
  readonly bytes: number;
}

const NO_USAGE: Usage = { topics: 0, bytes: 0 };

export class TopicUsage implements Usage {
  topics = 0;
  bytes = 0;
  /** By broker index + 1. The first entry is for expiries, which mqttrep writes itself. */
  readonly #brokers: { topics: number; bytes: number }[] = [];

  /** The topics that clients of a broker have written. */
  of(broker: number): Usage {
    return this.#brokers[broker + 1] ?? NO_USAGE;
  }

  add(broker: number, bytes: number): void {
    this.topics++;
    this.#at(broker).topics++;
    this.grow(broker, bytes);
  }

  remove(broker: number, bytes: number): void {
    this.topics--;
    this.#at(broker).topics--;
    this.grow(broker, -bytes);
  }

  /** A topic takes so many bytes more; less, if negative. */
  grow(broker: number, bytes: number): void {
    this.bytes += bytes;
    this.#at(broker).bytes += bytes;
  }

  #at(broker: number): { topics: number; bytes: number } {
    const known = this.#brokers[broker + 1];
    if (known !== undefined) return known;
    while (this.#brokers.length < broker + 2) this.#brokers.push({ topics: 0, bytes: 0 });
    return this.#at(broker);
  }
}
