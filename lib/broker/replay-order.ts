/**
 * In which order a broker shows what it retains under the filters of one SUBSCRIBE. Most go from filter to filter, so
 * that a sentinel around the filters tells when all has been shown. HiveMQ and Artemis look each filter up by itself,
 * and answer in any order: there quiet has to follow upon the sentinel. Tried with messages of our own.
 */

import type { IPublishPacket } from 'mqtt';
import type { Connection } from './connection.ts';

export type ReplayOrder = 'filter by filter' | 'any';

/** Messages that are shown; as many come in their order by chance once in some thousand times. */
const MESSAGES = 8;

/** The one that is subscribed to by a wildcard, which some brokers look up another way. */
const WILD = MESSAGES / 2;

/** A broker that is in order now and then is asked so often. */
const ROUNDS = 3;

/** Longest wait for the messages to be stored, and to be shown in one round, in milliseconds. */
const LIMIT = 2_000;

/** So long, in milliseconds, after the others one is awaited that may never come. */
const LATE = 250;

export class OrderTrial {
  readonly #topics: readonly string[];
  readonly #filters: readonly string[];
  /** Indexes, as they were shown in this round. */
  #shown: number[] = [];
  #look: () => void = () => undefined;

  /** @param topic a control topic; the levels below it are nobody else's */
  constructor(topic: string) {
    const numbers = Array.from({ length: MESSAGES }, (_, index) => `${topic}/${index}`);
    this.#topics = numbers.map((name, index) => (index === WILD ? `${name}/wild` : name));
    this.#filters = numbers.map((name, index) => (index === WILD ? `${name}/+` : name));
  }

  /**
   * Leaves nothing behind. What does not come by the wildcard, as at RabbitMQ, is in nobody's way; undefined where
   * others do not come in time, or were not stored.
   */
  async order(connection: Connection): Promise<ReplayOrder | undefined> {
    await this.#write(connection, 'order');
    let order: ReplayOrder | undefined = 'filter by filter';
    for (let round = 0; round < ROUNDS && order === 'filter by filter'; round++)
      order = await this.#round(connection);
    void this.#write(connection, '');
    return order;
  }

  /** Looks at a message; returns whether it was ours, and so is of no further interest. */
  observe({ topic, retain, payload }: IPublishPacket): boolean {
    const index = this.#topics.indexOf(topic);
    if (index < 0) return false;
    if (retain && payload.length > 0) this.#shown.push(index);
    this.#look();
    return true;
  }

  async #round(connection: Connection): Promise<ReplayOrder | undefined> {
    this.#shown = [];
    const areAllShown = () => this.#shown.filter(index => index !== WILD).length >= MESSAGES - 1;
    const shown = this.#until(areAllShown, LIMIT);
    await connection.subscribe(this.#filters, { qos: 0, replay: true, retainAsPublished: false });
    await shown;
    await this.#until(() => this.#shown.includes(WILD), LATE);
    await connection.unsubscribe(this.#filters);
    if (!areAllShown()) return undefined;
    return isMonotonic(this.#shown) ? 'filter by filter' : 'any';
  }

  async #until(condition: () => boolean, limit: number): Promise<void> {
    await new Promise<void>(resolve => {
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
    const written = this.#topics.map(
      topic =>
        new Promise<void>(resolve => {
          const limit = setTimeout(resolve, LIMIT);
          connection.publish(topic, Buffer.from(payload), { qos: 1, retain: true }, () => {
            clearTimeout(limit);
            resolve();
          });
        }),
    );
    await Promise.all(written);
  }
}

/** From the first to the last, or from the last to the first. */
function isMonotonic(indexes: readonly number[]): boolean {
  const isUp = indexes.every((index, at) => at === 0 || index > (indexes[at - 1] ?? index));
  return isUp || indexes.every((index, at) => at === 0 || index < (indexes[at - 1] ?? index));
}
