/**
 * Whether a subscription takes the place of an earlier one to the same filter, as MQTT has it (3.1.1 §3.8.4).
 * RabbitMQ 3 keeps one for each QoS, and delivers everything twice from then on. Tried with a topic of our own.
 */

import type { IPublishPacket } from 'mqtt';
import type { Connection } from './connection.ts';

/** Messages that are sent: of which a second copy may come late, after the first one of the next message. */
const ROUNDS = 3;

/** Longest wait for a message to come back, in milliseconds. */
const ECHO_LIMIT = 1_000;

const LIVE = { replay: false, retainAsPublished: false } as const;

export class Resubscription {
  readonly #topic: string;
  readonly #copies = new Map<string, number>();
  #look: () => void = () => undefined;

  /** @param topic a control topic that nobody else uses */
  constructor(topic: string) {
    this.#topic = topic;
  }

  /**
   * Where nothing comes back, it replaces as MQTT has it.
   * @throws when the connection ends meanwhile
   */
  async behaviour(connection: Connection): Promise<'replaces' | 'adds'> {
    await Promise.all([
      connection.subscribe([this.#topic], { qos: 0, ...LIVE }),
      connection.subscribe([this.#topic], { qos: 1, ...LIVE }),
    ]);
    for (let round = 1; round <= ROUNDS; round++) {
      if (!(await this.#comesBack(connection, String(round)))) break;
    }
    void connection.unsubscribe([this.#topic]);
    return [...this.#copies.values()].some(copies => copies > 1) ? 'adds' : 'replaces';
  }

  /** Looks at a message; returns whether it was ours, and so is of no further interest. */
  observe({ topic, payload }: IPublishPacket): boolean {
    if (topic !== this.#topic) return false;
    const round = payload.toString();
    this.#copies.set(round, (this.#copies.get(round) ?? 0) + 1);
    this.#look();
    return true;
  }

  /** Acknowledged, and seen. */
  async #comesBack(connection: Connection, round: string): Promise<boolean> {
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<false>(resolve => {
      limit = setTimeout(() => resolve(false), ECHO_LIMIT);
    });
    const seen = new Promise<void>(resolve => {
      this.#look = () => {
        if (this.#copies.has(round)) resolve();
      };
    });
    const acknowledged = new Promise<void>(resolve => {
      connection.publish(this.#topic, Buffer.from(round), { qos: 1, retain: false }, () => resolve());
    });
    const isBack = await Promise.race([Promise.all([seen, acknowledged]).then(() => true), late]);
    clearTimeout(limit);
    return isBack;
  }
}
