/**
 * Which topics are to be looked at when: a priority queue with one valid entry a topic, however often its
 * time is put off; a topic whose time was put off is looked at too early and queued again.
 */

import TinyQueue from 'tinyqueue';

interface Expiry {
  readonly topic: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export class Expiries {
  readonly #queue = new TinyQueue<Expiry>([], (a, b) => a.at - b.at);
  readonly #times = new Map<string, number>();

  /** Topics that expire at some time. */
  get size(): number {
    return this.#times.size;
  }

  /** Has the topic looked at, at the latest, at `at` (Infinity: no need). */
  expect(topic: string, at: number): void {
    if (at >= (this.#times.get(topic) ?? Number.POSITIVE_INFINITY)) return;
    this.#times.set(topic, at);
    this.#queue.push({ topic, at });
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
}
