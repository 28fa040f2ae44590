/**
 * A broker as the suite uses it: clients that write, a watcher that sees everything, and a reader of what is
 * retained.
 *
 * What is retained is read by exact topics with sentinels around them: many brokers cut the replay of a
 * wildcard short, or send none. Where one sends it whole, many topics are read by that.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { nanoid } from 'nanoid';
import { type ReceivedMessage, TestClient } from '../support/client.ts';
import { Unanswered, unlessHungUp } from './hang-ups.ts';
import type { Access, Protocol } from './makes/make.ts';

/** Milliseconds for anything that a broker does at once. */
const answerLimitMs = 10_000;

/** Milliseconds for the sentinels to be shown, and how often they are asked for. */
const readingLimitMs = 5_000;
const readings = 3;

/** Milliseconds in which the rest comes once the sentinels have been seen. */
const settleMs = 50;

/** Topics in one SUBSCRIBE. */
const batch = 100;

/** Publishes not acknowledged at once: some brokers hang up on more than their Receive Maximum. */
const inFlight = 8;

export class Site {
  /** As mqttrep knows it. */
  readonly name: string;
  readonly access: Access;
  /** That its clients speak. */
  readonly protocol: Protocol;
  /** Subscribed to before and after what is read: some brokers replay the last filter first. */
  readonly #ends: readonly [string, string];
  readonly #clients = new Set<TestClient>();
  #watcher: TestClient | undefined;
  #writer: TestClient | undefined;

  /** @param prefix all that the suite writes at the broker is below it, and clients alone use `{prefix}/end` */
  constructor(name: string, access: Access, protocol: Protocol, prefix: string) {
    this.name = name;
    this.access = access;
    this.protocol = protocol;
    const id = nanoid(8);
    this.#ends = [`${prefix}/end/${id}/first`, `${prefix}/end/${id}/last`];
  }

  async client(): Promise<TestClient> {
    const { url, options } = this.access;
    const clientId = `suite${nanoid(12).replaceAll(/[-_]/g, 'x')}`;
    const client = await TestClient.connect(url, {
      ...options,
      protocolVersion: this.protocol,
      connectTimeout: answerLimitMs,
      clientId,
    });
    this.#clients.add(client);
    return client;
  }

  /** Sees what is published below the filter, from the first call on, as long as the broker runs. */
  watch(filter: string): Promise<TestClient> {
    return unlessHungUp(() => this.#watch(filter));
  }

  async #watch(filter: string): Promise<TestClient> {
    if (this.#watcher?.connected === true) return this.#watcher;
    const watcher = await this.client();
    await this.#within(watcher, watcher.subscribe(filter, { qos: 2, rap: true }), 'SUBACK');
    this.#watcher = watcher;
    return watcher;
  }

  /** Publishes `topic` → payload, retained, as fast as the broker acknowledges. */
  async publishAll(messages: Iterable<readonly [topic: string, payload: string]>): Promise<void> {
    const rest = [...messages];
    const publishNext = async (): Promise<void> => {
      for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
        await this.publish(...next, { retain: true });
      }
    };
    await this.publish(this.#ends[0], 'first', { retain: true });
    await Promise.all(Array.from({ length: inFlight }, publishNext));
  }

  deleteAll(topics: readonly string[]): Promise<void> {
    return this.publishAll(topics.map(topic => [topic, ''] as const));
  }

  /** By a client that only writes. */
  publish(...message: Parameters<TestClient['publish']>): Promise<void> {
    return unlessHungUp(() => this.#publish(...message));
  }

  async #publish(...message: Parameters<TestClient['publish']>): Promise<void> {
    if (this.#writer?.connected !== true) this.#writer = await this.client();
    await this.#within(this.#writer, this.#writer.publish(...message), `PUBACK of ${message[0]}`);
  }

  async deleteRetained(topic: string): Promise<void> {
    await this.publish(topic, '', { retain: true });
  }

  /**
   * The retained messages of these topics. Rejects if the broker cannot be read to the end.
   * @param filters that show them; default: the topics themselves
   */
  retained(topics: readonly string[], filters = topics): Promise<Map<string, ReceivedMessage>> {
    return unlessHungUp(() => this.#retained(topics, filters));
  }

  async #retained(
    topics: readonly string[],
    filters: readonly string[],
  ): Promise<Map<string, ReceivedMessage>> {
    const asked = new Set(topics);
    const found = new Map<string, ReceivedMessage>();
    for (const end of this.#ends) await this.#publish(end, 'the end', { retain: true });
    for (let from = 0; from < filters.length; from += batch) {
      for (const message of await this.#read(filters.slice(from, from + batch))) {
        if (message.retain && asked.has(message.topic)) found.set(message.topic, message);
      }
    }
    return found;
  }

  /** Artemis does not show now and then what was just retained in place of something else. */
  async #read(topics: readonly string[]): Promise<readonly ReceivedMessage[]> {
    for (let round = 1; ; round++) {
      try {
        return await this.#readOnce(topics);
      } catch (error) {
        if (round === readings || error instanceof Unanswered) throw error;
      }
    }
  }

  /**
   * By a client of its own, which does not unsubscribe: Artemis may then answer nothing for 30 s, and aMQTT goes for ever
   * through each filter that was ever unsubscribed.
   */
  async #readOnce(topics: readonly string[]): Promise<readonly ReceivedMessage[]> {
    const reader = await this.client();
    const [first, last] = this.#ends;
    try {
      const subscribed = reader.subscribe([first, ...topics, last], { qos: 0 });
      await this.#within(reader, subscribed, 'SUBACK', readingLimitMs);
      for (const end of this.#ends) {
        await reader.waitFor(message => message.topic === end && message.retain, readingLimitMs);
      }
      // Some answer in any order.
      await wait(settleMs);
      await reader.end();
      return reader.messages;
    } finally {
      this.#clients.delete(reader);
      await reader.destroy();
    }
  }

  /** What the broker answers to a client in time; one that it does not answer is of no use any more. */
  async #within(client: TestClient, answer: Promise<void>, what: string, limitMs?: number): Promise<void> {
    try {
      await within(answer, `${this.name}: ${what}`, limitMs);
    } catch (error) {
      if (!(error instanceof Late)) throw error;
      await client.destroy();
      throw new Unanswered(error.message);
    }
  }

  /** Deletes what the suite wrote, as far as the broker lets it. */
  async tidy(topics: readonly string[]): Promise<void> {
    await this.deleteAll([...topics, ...this.#ends]);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients].map(client => client.destroy()));
    this.#clients.clear();
  }
}

/** It was not settled in time. */
class Late extends Error {}

/** Rejects where the promise is not settled in time. */
export async function within<Result>(
  promise: Promise<Result>,
  what: string,
  limitMs = answerLimitMs,
): Promise<Result> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    limit = setTimeout(() => reject(new Late(`${what}: nothing within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(limit);
  }
}
