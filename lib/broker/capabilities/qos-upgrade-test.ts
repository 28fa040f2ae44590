/**
 * Whether a subscription takes the place of an earlier one to the same filter, with a higher QoS, as MQTT has it
 * (3.1.1 §3.8.4). RabbitMQ 3 keeps one for each QoS, and delivers everything twice from then on. Moquette replays
 * without the retain flag where the QoS is not 0, so that over MQTT 3.1.1 all that it retains looks like written
 * anew. Tried with a topic of our own.
 */

import type { IPublishPacket } from 'mqtt';
import type { Connection } from '../connection/connection.ts';

/** Messages that are sent: of which a second copy may come late, after the first one of the next message. */
const ROUNDS = 3;

/** Longest wait for a message to be acknowledged, and for it to come back, in milliseconds. */
const ECHO_LIMIT = 1_000;

/** Retained while the trial lasts. */
const KEPT = 'kept';

const FOUND_ONLY = { replay: true, retainAsPublished: false } as const;
const LIVE = { replay: false, retainAsPublished: false } as const;

export type Behaviour = 'replaces' | 'adds' | 'hides what is replayed';

export class QosUpgradeTest {
  readonly #topic: string;
  readonly #copies = new Map<string, number>();
  /** What is retained was shown with its flag, or has had the time for that. */
  #isStored = false;
  /** And then without. */
  #isHidden = false;
  #look: () => void = () => undefined;

  /** @param topic a control topic that nobody else uses */
  constructor(topic: string) {
    this.#topic = topic;
  }

  /**
   * Where nothing comes back, it replaces as MQTT has it.
   * @throws when the connection ends meanwhile
   */
  async behaviour(connection: Connection): Promise<Behaviour> {
    await this.#keep(connection, KEPT);
    const stored = this.#until(() => this.#isStored);
    await connection.subscribe([this.#topic], { qos: 0, ...FOUND_ONLY });
    await stored;
    // Mosca never says so.
    this.#isStored = true;
    await connection.subscribe([this.#topic], { qos: 1, ...LIVE });
    for (let round = 1; round <= ROUNDS; round++) {
      if (!(await this.#comesBack(connection, String(round)))) break;
    }
    void connection.unsubscribe([this.#topic]);
    void this.#keep(connection, '');
    if (this.#isHidden) return 'hides what is replayed';
    return [...this.#copies.values()].some(copies => copies > 1) ? 'adds' : 'replaces';
  }

  /** Looks at a message; returns whether it was ours, and so is of no further interest. */
  observe({ topic, payload, retain }: IPublishPacket): boolean {
    if (topic !== this.#topic) return false;
    const text = payload.toString();
    if (text !== KEPT) this.#copies.set(text, (this.#copies.get(text) ?? 0) + 1);
    else if (retain) this.#isStored = true;
    // Before it was stored it came live.
    else if (this.#isStored) this.#isHidden = true;
    this.#look();
    return true;
  }

  /** Acknowledged, and seen. */
  async #comesBack(connection: Connection, round: string): Promise<boolean> {
    const seen = this.#until(() => this.#copies.has(round));
    await this.#publish(connection, round, false);
    return seen;
  }

  #keep(connection: Connection, payload: string): Promise<void> {
    return this.#publish(connection, payload, true);
  }

  /** Resolves when it is acknowledged, or not within the limit. */
  #publish(connection: Connection, payload: string, retain: boolean): Promise<void> {
    return new Promise(resolve => {
      const limit = setTimeout(resolve, ECHO_LIMIT);
      connection.publish(this.#topic, Buffer.from(payload), { qos: 1, retain }, () => {
        clearTimeout(limit);
        resolve();
      });
    });
  }

  /** Resolves with whether the condition came to hold within the limit. */
  #until(condition: () => boolean): Promise<boolean> {
    return new Promise(resolve => {
      const limit = setTimeout(() => resolve(false), ECHO_LIMIT);
      this.#look = () => {
        if (!condition()) return;
        clearTimeout(limit);
        resolve(true);
      };
    });
  }
}
