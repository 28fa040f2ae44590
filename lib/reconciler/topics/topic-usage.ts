/** How many topics there are and what they take in memory: in all, and for each broker what its clients wrote. */

export interface Usage {
  readonly topics: number;
  readonly bytes: number;
}

const NOTHING: Usage = { topics: 0, bytes: 0 };

export class TopicUsage implements Usage {
  topics = 0;
  bytes = 0;
  /** By broker index, one later: the first is nobody, who writes only what has expired. */
  readonly #brokers: { topics: number; bytes: number }[] = [];

  /** What the clients of a broker have written. */
  of(broker: number): Usage {
    return this.#brokers[broker + 1] ?? NOTHING;
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

  /** A topic takes so many bytes more, or less. */
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
