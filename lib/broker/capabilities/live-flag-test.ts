/**
 * Whether live messages keep the retain flag that they were published with. Over MQTT 5 each subscription asks for that
 * (retain as published, §3.8.3.1). Artemis drops the flag if the filter has wildcards, rumqttd always: retained messages
 * would look transient there. The test publishes a message of mqttrep itself.
 *
 * The message has a user property, like all that mqttrep publishes over MQTT 5. So the connection to a broker that cannot
 * handle user properties, such as Mochi, ends before a real message can be lost.
 *
 * Over MQTT 3.1.1 live messages have no retain flag (§3.3.1.3), but NanoMQ leaves it on those of QoS 0. There a
 * flagged live message is known to be retained, and must not be taken for a late replay.
 */

import type { Connection } from '../connection/connection.ts';
import { isRefusal } from '../connection/filter-requests.ts';
import { publishAcknowledged } from '../connection/publish-acknowledged.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import { Condition } from '../timing/condition.ts';

export type LiveFlag = 'as published' | 'dropped';

/** Longest wait for the message to be delivered. */
const ECHO_TIMEOUT_MS = 2_000;

const PROPERTIES = { messageExpiryInterval: 60 * 60, userProperties: { 'mqttrep-test': 'flag' } };

export class LiveFlagTest {
  readonly #parent: string;
  readonly #topic: string;
  readonly #qos: 0 | 1;
  readonly #condition = new Condition();
  #flag: LiveFlag | undefined;
  #isOver = false;

  /**
   * @param parent a control topic; nobody else uses the levels below it
   * @param qos of the message
   */
  constructor(parent: string, qos: 0 | 1 = 1) {
    this.#parent = parent;
    this.#qos = qos;
    this.#topic = `${parent}/message`;
  }

  /**
   * Resolves with undefined if the message is not delivered in time. Leaves no message behind.
   * @throws when the connection ends meanwhile
   */
  async run(connection: Connection): Promise<LiveFlag | undefined> {
    const filter = connection.limits.wildcards ? `${this.#parent}/#` : this.#topic;
    const options = { qos: 0, replay: false, retainAsPublished: true } as const;
    const grants = await connection.subscribe([filter], options);
    if (!grants.some(isRefusal)) await this.#echo(connection);
    // The first message may have been replayed. The second one is live.
    if (this.#qos === 0 && this.#flag === 'as published') {
      this.#flag = undefined;
      await this.#echo(connection);
    }
    void connection.unsubscribe([filter]);
    void publishAcknowledged(connection, this.#topic, '', { qos: 1, retain: true });
    return this.#flag;
  }

  /** Returns whether the message belongs to the test. */
  observe({ topic, retain, payload }: ReceivedMessage): boolean {
    if (topic !== this.#topic) return false;
    if (payload.length > 0) this.#flag ??= retain ? 'as published' : 'dropped';
    this.#isOver = true;
    this.#condition.check();
    return true;
  }

  /** Resolves when the message was delivered, when the broker refused it, or after the timeout. */
  async #echo(connection: Connection): Promise<void> {
    const isMqtt5 = connection.protocolVersion === 5;
    const options = { qos: this.#qos, retain: true, ...(isMqtt5 ? { properties: PROPERTIES } : {}) } as const;
    this.#isOver = false;
    const over = this.#condition.until(() => this.#isOver, ECHO_TIMEOUT_MS);
    void publishAcknowledged(connection, this.#topic, 'test', options).then(outcome => {
      if (outcome !== 'failed') return;
      this.#isOver = true;
      this.#condition.check();
    });
    await over;
  }
}
