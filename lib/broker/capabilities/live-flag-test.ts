/**
 * Whether live messages bear the retain flag that they were published with, as is asked for with every subscription
 * over MQTT 5 (retain as published, §3.8.3.1). Artemis drops it where the filter has wildcards, rumqttd always: what is
 * retained there would look like passing. Tried with a message of our own.
 *
 * It has a user property, as all that mqttrep publishes has: who does not bear that is found out before there is
 * anything to lose.
 *
 * Over MQTT 3.1.1 live messages bear no flag (§3.3.1.3), but there are brokers that leave it on those of QoS 0. What bears it
 * is known for retained then, and must not be taken for a replay that comes late.
 */

import type { IPublishPacket } from 'mqtt';
import type { Connection } from '../connection/connection.ts';
import { isRefusal } from '../connection/filter-requests.ts';

export type LiveFlag = 'as published' | 'dropped';

/** Longest wait for the message to come back, in milliseconds. */
const LIMIT = 2_000;

const PROPERTIES = { messageExpiryInterval: 60 * 60, userProperties: { 'mqttrep-trial': 'flag' } };

export class LiveFlagTest {
  readonly #topic: string;
  readonly #parent: string;
  #found: LiveFlag | undefined;
  readonly #qos: 0 | 1;
  #look: () => void = () => undefined;

  /**
   * @param parent a control topic; the levels below it are nobody else's
   * @param qos of the message that tells it
   */
  constructor(parent: string, qos: 0 | 1 = 1) {
    this.#parent = parent;
    this.#qos = qos;
    this.#topic = `${parent}/message`;
  }

  /**
   * Leaves nothing behind. Undefined where the message does not come back in time.
   * @throws when the connection ends meanwhile
   */
  async flag(connection: Connection): Promise<LiveFlag | undefined> {
    const filter = connection.limits.wildcards ? `${this.#parent}/#` : this.#topic;
    const options = { qos: 0, replay: false, retainAsPublished: true } as const;
    const grants = await connection.subscribe([filter], options);
    if (!grants.some(isRefusal)) await this.#comesBack(connection);
    // The first may have been shown as what the broker retains. The second is live.
    if (this.#qos === 0 && this.#found === 'as published') {
      this.#found = undefined;
      await this.#comesBack(connection);
    }
    void connection.unsubscribe([filter]);
    connection.publish(this.#topic, Buffer.alloc(0), { qos: 1, retain: true }, () => undefined);
    return this.#found;
  }

  /** Looks at a message; returns whether it was ours, and so is of no further interest. */
  observe({ topic, retain, payload }: IPublishPacket): boolean {
    if (topic !== this.#topic) return false;
    if (payload.length > 0) this.#found ??= retain ? 'as published' : 'dropped';
    this.#look();
    return true;
  }

  /** Resolves also where it does not, or is refused. */
  #comesBack(connection: Connection): Promise<void> {
    return new Promise(resolve => {
      const limit = setTimeout(resolve, LIMIT);
      this.#look = () => {
        clearTimeout(limit);
        resolve();
      };
      const isMqtt5 = connection.protocolVersion === 5;
      const options = {
        qos: this.#qos,
        retain: true,
        ...(isMqtt5 ? { properties: PROPERTIES } : {}),
      } as const;
      connection.publish(this.#topic, Buffer.from('quarantine'), options, error => {
        if (error !== undefined) this.#look();
      });
    });
  }
}
