/**
 * In which order a broker shows what it retains under the filters of one SUBSCRIBE. Most go from filter to filter, so
 * that a sentinel around the filters tells when all has been shown. HiveMQ and Artemis look each filter up by itself,
 * and answer in any order: there quiet has to follow upon the sentinel. Tried with messages of our own.
 */

import type { IPublishPacket } from 'mqtt';
import type { Connection } from '../connection/connection.ts';

export type ReplayOrder = 'filter by filter' | 'any';

/** Filters with a wildcard, with an exact one before and after each: some brokers look them up another way. */
const WILDCARDS = 5;

/** Messages that fit each of these. */
const FITTING = 2;

/**
 * Each takes one round trip. A broker that is out of order in every second one, as Artemis is when it has something to do,
 * passes for orderly once in some sixty times; that is noticed when something is shown too late.
 */
const ROUNDS = 6;

/** Messages that are written at once: more of them are under way than some brokers take. */
const WINDOW = 6;

/** Longest wait for a message to be stored, and for all to be shown in one round, in milliseconds. */
const LIMIT = 2_000;

/** So long, in milliseconds, after the others those are awaited that may never come. */
const LATE = 250;

export class ReplayOrderTest {
  readonly #filters: readonly string[];
  /** By topic, the index of the filter that shows it. */
  readonly #places = new Map<string, number>();
  /** Those that come by a wildcard. */
  readonly #wild = new Set<string>();
  /** Topics, as they were shown in this round. */
  readonly #shown = new Set<string>();
  #look: () => void = () => undefined;

  /** @param topic a control topic; the levels below it are nobody else's */
  constructor(topic: string) {
    this.#filters = Array.from({ length: 2 * WILDCARDS + 1 }, (_, index) =>
      index % 2 === 0 ? `${topic}/${index}` : `${topic}/${index}/+`,
    );
    for (const [index, filter] of this.#filters.entries()) {
      if (index % 2 === 0) this.#places.set(filter, index);
      else for (let each = 0; each < FITTING; each++) this.#fit(`${topic}/${index}/${each}`, index);
    }
  }

  /**
   * Leaves nothing behind. What does not come by a wildcard, as at RabbitMQ, is in nobody's way; undefined where
   * others do not come in time, or were not stored.
   */
  async order(connection: Connection): Promise<ReplayOrder | undefined> {
    await this.#write(connection, 'order');
    let patience = LATE;
    let order: ReplayOrder | undefined = 'filter by filter';
    for (let round = 0; round < ROUNDS && order === 'filter by filter'; round++) {
      order = await this.#round(connection, patience);
      if (!this.#isComplete) patience = 0;
    }
    void this.#write(connection, '');
    return order;
  }

  /** Looks at a message; returns whether it was ours, and so is of no further interest. */
  observe({ topic, retain, payload }: IPublishPacket): boolean {
    if (!this.#places.has(topic)) return false;
    if (retain && payload.length > 0) this.#shown.add(topic);
    this.#look();
    return true;
  }

  /** @param patience milliseconds in which the wildcards may show what the exact filters have not outlasted */
  async #round(connection: Connection, patience: number): Promise<ReplayOrder | undefined> {
    this.#shown.clear();
    const exact = [...this.#places.keys()].filter(topic => !this.#wild.has(topic));
    const areShown = () => exact.every(topic => this.#shown.has(topic));
    const shown = this.#until(areShown, LIMIT);
    await connection.subscribe(this.#filters, { qos: 0, replay: true, retainAsPublished: false });
    await shown;
    await this.#until(() => this.#isComplete, patience);
    // Its answer is waited for by the next SUBSCRIBE.
    void connection.unsubscribe(this.#filters);
    if (!areShown()) return undefined;
    return isMonotonic([...this.#shown].map(topic => this.#places.get(topic) ?? 0))
      ? 'filter by filter'
      : 'any';
  }

  get #isComplete(): boolean {
    return this.#shown.size === this.#places.size;
  }

  #fit(topic: string, place: number): void {
    this.#places.set(topic, place);
    this.#wild.add(topic);
  }

  #until(condition: () => boolean, limit: number): Promise<void> {
    return new Promise(resolve => {
      const latest = setTimeout(resolve, limit);
      this.#look = () => {
        if (!condition()) return;
        clearTimeout(latest);
        resolve();
      };
      this.#look();
    });
  }

  async #write(connection: Connection, payload: string): Promise<void> {
    const topics = [...this.#places.keys()];
    while (topics.length > 0)
      await Promise.all(topics.splice(0, WINDOW).map(topic => store(connection, topic, payload)));
  }
}

/** Resolves when it is acknowledged, or not within the limit. */
function store(connection: Connection, topic: string, payload: string): Promise<void> {
  return new Promise(resolve => {
    const limit = setTimeout(resolve, LIMIT);
    connection.publish(topic, Buffer.from(payload), { qos: 1, retain: true }, () => {
      clearTimeout(limit);
      resolve();
    });
  });
}

/** From the first to the last, or from the last to the first; what one filter shows may come in any order. */
function isMonotonic(places: readonly number[]): boolean {
  const isUp = places.every((place, at) => at === 0 || place >= (places[at - 1] ?? place));
  return isUp || places.every((place, at) => at === 0 || place <= (places[at - 1] ?? place));
}
