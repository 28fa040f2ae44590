/**
 * Which topics are to be looked at when: a priority queue with one valid entry a topic, however often its
 * time is put off; a topic whose time was put off is looked at too early and queued again.
 */

import TinyQueue from 'tinyqueue';

export interface Expiry {
  readonly topic: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Void entries that are kept at least before the queue is made anew, so that small ones are not for ever. */
const SLACK = 1_000;

export class Expiries {
  #queue = new TinyQueue<Expiry>([], byTime);
  readonly #times = new Map<string, number>();

  /** Topics that expire at some time. */
  get size(): number {
    return this.#times.size;
  }

  /** Has the topic looked at, at the latest, at `at` (Infinity: no need). */
  expect(topic: string, at: number): void {
    // Written so that what is no number is left out: in the queue it would hide whatever is behind it.
    if (!(at < (this.#times.get(topic) ?? Number.POSITIVE_INFINITY))) return;
    this.#times.set(topic, at);
    this.#queue.push({ topic, at });
    if (this.#queue.length > 2 * this.#times.size + SLACK) this.#tidy();
  }

  /** Entries in the queue, void ones included: no more than some for each topic. */
  get length(): number {
    return this.#queue.length;
  }

  /** Takes out the topics whose time has come. */
  due(now: number): string[] {
    const topics: string[] = [];
    for (let first = this.#queue.peek(); first !== undefined && first.at <= now; first = this.#queue.peek()) {
      this.#queue.pop();
      // An entry that was overtaken by an earlier one is void.
      if (this.#times.get(first.topic) !== first.at) continue;
      this.#times.delete(first.topic);
      topics.push(first.topic);
    }
    return topics;
  }

  /** Takes out the topic whose time comes next, whether it has come or not. */
  takeNext(): Expiry | undefined {
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      if (this.#times.get(next.topic) !== next.at) continue;
      this.#times.delete(next.topic);
      return next;
    }
    return undefined;
  }

  /** A writer who brings a topic's time forward with each message must not make us remember all of them. */
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
