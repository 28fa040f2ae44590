/**
 * In which order a broker replays the filters of one SUBSCRIBE. Most brokers go from filter to filter, so a sentinel around
 * the filters tells that all was shown. HiveMQ and Artemis look each filter up by itself, and answer in any order: there the
 * sentinel has to be followed by quiet. The test uses control topics.
 */

import type { Connection } from '../connection/connection.ts';
import { publishAcknowledged } from '../connection/publish-acknowledged.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import { Condition } from '../timing/condition.ts';

export type ReplayOrder = 'filter by filter' | 'any';

/** Filters with a wildcard, with an exact filter before and after each: some brokers look them up in different ways. */
const WILDCARD_FILTERS = 5;

/** Topics that match each wildcard filter. */
const TOPICS_PER_WILDCARD = 2;

/**
 * Rounds of one round trip each. A broker that is out of order in every second round, as a busy Artemis is, passes about once
 * in sixty times. A message that is replayed too late corrects that.
 */
const ROUNDS = 6;

/** Messages written at once: some brokers do not accept more in flight. */
const MAX_IN_FLIGHT = 6;

/** Longest wait for a message to be stored, and for all exact filters of a round. */
const ANSWER_TIMEOUT_MS = 2_000;

/** Longest wait for the wildcard filters after the exact ones: some brokers never show them. */
const WILDCARD_TIMEOUT_MS = 250;

export class ReplayOrderTest {
  readonly #filters: readonly string[];
  readonly #condition = new Condition();
  /** By topic, the index of the filter that matches it. */
  readonly #places = new Map<string, number>();
  /** Topics that a wildcard filter matches. */
  readonly #wild = new Set<string>();
  /** Topics in the order of this round. */
  readonly #shown = new Set<string>();

  /** @param topic a control topic; nobody else uses the levels below it */
  constructor(topic: string) {
    this.#filters = Array.from({ length: 2 * WILDCARD_FILTERS + 1 }, (_, index) =>
      index % 2 === 0 ? `${topic}/${index}` : `${topic}/${index}/+`,
    );
    for (const [index, filter] of this.#filters.entries()) {
      if (index % 2 === 0) {
        this.#places.set(filter, index);
        continue;
      }
      for (let each = 0; each < TOPICS_PER_WILDCARD; each++) {
        this.#places.set(`${topic}/${index}/${each}`, index);
        this.#wild.add(`${topic}/${index}/${each}`);
      }
    }
  }

  /**
   * Resolves with undefined if the exact filters do not show their topics in time, or these were not stored. Topics that
   * wildcard filters never show, as at RabbitMQ, do not matter. Leaves no message behind.
   */
  async run(connection: Connection): Promise<ReplayOrder | undefined> {
    await this.#write(connection, 'order');
    let wildcardTimeout = WILDCARD_TIMEOUT_MS;
    let order: ReplayOrder | undefined = 'filter by filter';
    for (let round = 0; round < ROUNDS && order === 'filter by filter'; round++) {
      order = await this.#round(connection, wildcardTimeout);
      if (!this.#isComplete) wildcardTimeout = 0;
    }
    void this.#write(connection, '');
    return order;
  }

  /** Returns whether the message belongs to the test. */
  observe({ topic, retain, payload }: ReceivedMessage): boolean {
    if (!this.#places.has(topic)) return false;
    if (retain && payload.length > 0) this.#shown.add(topic);
    this.#condition.check();
    return true;
  }

  async #round(connection: Connection, wildcardTimeout: number): Promise<ReplayOrder | undefined> {
    this.#shown.clear();
    const exact = [...this.#places.keys()].filter(topic => !this.#wild.has(topic));
    const areShown = () => exact.every(topic => this.#shown.has(topic));
    const shown = this.#condition.until(areShown, ANSWER_TIMEOUT_MS);
    await connection.subscribe(this.#filters, { qos: 0, replay: true, retainAsPublished: false });
    await shown;
    await this.#condition.until(() => this.#isComplete, wildcardTimeout);
    // The next SUBSCRIBE waits for its answer.
    void connection.unsubscribe(this.#filters);
    if (!areShown()) return undefined;
    return isMonotonic([...this.#shown].map(topic => this.#places.get(topic) ?? 0))
      ? 'filter by filter'
      : 'any';
  }

  get #isComplete(): boolean {
    return this.#shown.size === this.#places.size;
  }

  async #write(connection: Connection, payload: string): Promise<void> {
    const topics = [...this.#places.keys()];
    const options = { qos: 1, retain: true } as const;
    const write = (topic: string) =>
      publishAcknowledged(connection, topic, payload, options, ANSWER_TIMEOUT_MS);
    while (topics.length > 0) await Promise.all(topics.splice(0, MAX_IN_FLIGHT).map(write));
  }
}

/** From the first filter to the last, or from the last to the first. The topics of one filter may come in any order. */
function isMonotonic(places: readonly number[]): boolean {
  const isUp = places.every((place, at) => at === 0 || place >= (places[at - 1] ?? place));
  return isUp || places.every((place, at) => at === 0 || place <= (places[at - 1] ?? place));
}
