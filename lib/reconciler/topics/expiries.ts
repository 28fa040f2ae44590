/**
 * Which topics are to be checked when: a priority queue with one valid entry for each topic. A topic whose time is postponed keeps
 * its entry: it is checked too early, and queued again then.
 */

import TinyQueue from 'tinyqueue';

export interface Expiry {
  readonly topic: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Void entries that a queue may have before it is built again, so that small queues are not built all the time. */
const MIN_VOID_ENTRIES = 1_000;

export class Expiries {
  #queue = new TinyQueue<Expiry>([], byTime);
  readonly #times = new Map<string, number>();

  /** Topics that have a time. */
  get size(): number {
    return this.#times.size;
  }

  /** The topic is to be checked at this time at the latest; Infinity for never. */
  expect(topic: string, at: number): void {
    // The condition excludes NaN as well: in the queue it would hide the entries behind it.
    if (!(at < (this.#times.get(topic) ?? Number.POSITIVE_INFINITY))) return;
    this.#times.set(topic, at);
    this.#queue.push({ topic, at });
    if (this.#queue.length > 2 * this.#times.size + MIN_VOID_ENTRIES) this.#tidy();
  }

  /** Entries in the queue, void ones included. */
  get length(): number {
    return this.#queue.length;
  }

  /** Takes out the topics whose time has come. */
  due(now: number): string[] {
    const topics: string[] = [];
    for (let first = this.#queue.peek(); first !== undefined && first.at <= now; first = this.#queue.peek()) {
      this.#queue.pop();
      // The topic got an earlier time meanwhile: this entry is void.
      if (this.#times.get(first.topic) !== first.at) continue;
      this.#times.delete(first.topic);
      topics.push(first.topic);
    }
    return topics;
  }

  /** Takes out the topic with the next time, whether that time has come or not. */
  takeNext(): Expiry | undefined {
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      if (this.#times.get(next.topic) !== next.at) continue;
      this.#times.delete(next.topic);
      return next;
    }
    return undefined;
  }

  /** A client that brings a topic's time forward with each message must not fill the queue. */
  #tidy(): void {
    this.#queue = new TinyQueue(
      [...this.#times].map(([topic, at]) => ({ topic, at })),
      byTime,
    );
  }
}

function byTime(a: Expiry, b: Expiry): number {
  return a.at - b.at;
}
