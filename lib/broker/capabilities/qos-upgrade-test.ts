/**
 * Whether a second SUBSCRIBE to the same filter, with a higher QoS, replaces the first one, as MQTT requires (3.1.1 §3.8.4).
 * RabbitMQ 3 keeps a subscription for each QoS, and delivers each message twice. Moquette replays without the retain flag if
 * the QoS is not 0: over MQTT 3.1.1 all retained messages would look like new writes. The test uses a control topic.
 */

import type { Connection } from '../connection/connection.ts';
import { publishAcknowledged } from '../connection/publish-acknowledged.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import { Condition } from '../timing/condition.ts';

/** Messages sent: the second copy of one may come late, after the first copy of the next. */
const ROUNDS = 3;

/** Longest wait for the acknowledgement of a message, and for its delivery. */
const ANSWER_TIMEOUT_MS = 1_000;

/** The payload that is retained during the test. */
const RETAINED_PAYLOAD = 'kept';

const REPLAYED = { replay: true, retainAsPublished: false } as const;
const LIVE = { replay: false, retainAsPublished: false } as const;

/** What a second SUBSCRIBE does. */
export type Resubscription = 'replaces' | 'adds' | 'hides what is replayed';

/** With which SUBSCRIBE a subscription gets the wanted QoS; or it stays at QoS 0. */
export type QosUpgrade = 'with the second' | 'with the first' | 'not at all';

export const QOS_UPGRADES: Readonly<Record<Resubscription, QosUpgrade>> = {
  replaces: 'with the second',
  adds: 'with the first',
  'hides what is replayed': 'not at all',
};

export class QosUpgradeTest {
  readonly #topic: string;
  readonly #condition = new Condition();
  /** Deliveries by payload. */
  readonly #copies = new Map<string, number>();
  /** The retained message was replayed with its flag, or has had the time for that. */
  #isStored = false;
  /** It was replayed without the flag after that. */
  #isHidden = false;

  /** @param topic a control topic that nobody else uses */
  constructor(topic: string) {
    this.#topic = topic;
  }

  /**
   * Resolves with `replaces` where no message is delivered.
   * @throws when the connection ends meanwhile
   */
  async run(connection: Connection): Promise<Resubscription> {
    await this.#publish(connection, RETAINED_PAYLOAD, true);
    const stored = this.#condition.until(() => this.#isStored, ANSWER_TIMEOUT_MS);
    await connection.subscribe([this.#topic], { qos: 0, ...REPLAYED });
    await stored;
    // A broker that never sets the flag does not show it.
    this.#isStored = true;
    await connection.subscribe([this.#topic], { qos: 1, ...LIVE });
    for (let round = 1; round <= ROUNDS; round++) {
      if (!(await this.#isEchoed(connection, String(round)))) break;
    }
    void connection.unsubscribe([this.#topic]);
    void this.#publish(connection, '', true);
    if (this.#isHidden) return 'hides what is replayed';
    return [...this.#copies.values()].some(copies => copies > 1) ? 'adds' : 'replaces';
  }

  /** Returns whether the message belongs to the test. */
  observe({ topic, payload, retain }: ReceivedMessage): boolean {
    if (topic !== this.#topic) return false;
    const text = payload.toString();
    if (text !== RETAINED_PAYLOAD) this.#copies.set(text, (this.#copies.get(text) ?? 0) + 1);
    else if (retain) this.#isStored = true;
    // Before that it may have been delivered live.
    else if (this.#isStored) this.#isHidden = true;
    this.#condition.check();
    return true;
  }

  /** Publishes; resolves with whether the message was delivered in time. */
  async #isEchoed(connection: Connection, payload: string): Promise<boolean> {
    const isSeen = this.#condition.until(() => this.#copies.has(payload), ANSWER_TIMEOUT_MS);
    await this.#publish(connection, payload, false);
    return isSeen;
  }

  async #publish(connection: Connection, payload: string, retain: boolean): Promise<void> {
    await publishAcknowledged(connection, this.#topic, payload, { qos: 1, retain }, ANSWER_TIMEOUT_MS);
  }
}
