/** The topics that a check writes, under a control topic of its own, and their removal. */

import type { QoS } from '../../core/policy.ts';
import { ControlTopics } from '../../protocol/control-topics.ts';
import type { BrokerSettings } from '../../protocol/settings.ts';
import { Connection } from '../connection/connection.ts';
import { publishAcknowledged } from '../connection/publish-acknowledged.ts';
import type { Will } from '../connection/will.ts';
import type { ConnectedOnce } from './connect-once.ts';

/** Longest wait for an acknowledgement. */
const ANSWER_TIMEOUT_MS = 5_000;

/** Longest duration of the removal, and of the connection for it. */
const CLEANUP_TIMEOUT_MS = 5_000;

/** An MQTT 5 broker removes a message after this time that mqttrep could not remove. */
const EXPIRY_SECONDS = 10 * 60;

/** Undefined where mqttrep may write no control topic. */
export function checkTopic({ name, controlPrefix }: BrokerSettings, id: string): string | undefined {
  return controlPrefix === undefined ? undefined : new ControlTopics(controlPrefix, id, name).of('check');
}

/** Like the will of a replicator, or the one that the user configured, but under a topic of the check. */
export function checkWill(settings: BrokerSettings, id: string): Will | undefined {
  const root = checkTopic(settings, id);
  if (root === undefined) return undefined;
  const usual = { payload: Buffer.from('offline'), qos: settings.stateTopics ? 1 : 0, retain: true } as const;
  const { properties, ...configured } = (settings.options['will'] ?? {}) as Partial<Will>;
  return {
    ...usual,
    ...configured,
    topic: willTopic(root),
    properties: { ...properties, messageExpiryInterval: EXPIRY_SECONDS },
  };
}

function willTopic(root: string): string {
  return `${root}/will`;
}

/** Writes messages, and removes the retained ones at the end. */
export class CheckTopics {
  readonly root: string | undefined;
  #connected: ConnectedOnce;
  readonly #retained = new Set<string>();

  constructor(root: string | undefined, connected: ConnectedOnce) {
    this.root = root;
    this.#connected = connected;
  }

  get connection(): Connection {
    return this.#connected.connection;
  }

  /** Resolves when the rate permits another publish. */
  async turn(): Promise<void> {
    await this.connection.turn();
  }

  publish(topic: string, payload: string, options: { readonly qos: QoS; readonly retain: boolean }): void {
    if (options.retain) this.#retained.add(topic);
    const properties = payload === '' ? {} : { properties: { messageExpiryInterval: EXPIRY_SECONDS } };
    void publishAcknowledged(this.connection, topic, payload, { ...options, ...properties });
  }

  /** Publishes a retained message, and waits until the broker has handled it and all before it. */
  async publishRetained(topic: string, payload: string): Promise<void> {
    this.#retained.add(topic);
    await this.turn();
    await publishAcknowledged(this.connection, topic, payload, { qos: 1, retain: true }, ANSWER_TIMEOUT_MS);
  }

  /** Removes all retained messages. Returns whether some may be left. */
  async cleanUp(): Promise<boolean> {
    const { connection, options } = this.#connected;
    const hadWill = options.options['will'] !== undefined;
    if (connection.hasEnded && hadWill && this.root !== undefined) this.#retained.add(willTopic(this.root));
    const topics = [...this.#retained];
    const last = topics.pop();
    if (last === undefined) return false;
    if (this.connection.hasEnded) await this.#reconnect();
    for (const topic of topics) {
      await this.turn();
      this.publish(topic, '', { qos: 0, retain: true });
    }
    await publishAcknowledged(this.connection, last, '', { qos: 1, retain: true }, CLEANUP_TIMEOUT_MS);
    return this.connection.hasEnded;
  }

  async #reconnect(): Promise<void> {
    const { options } = this.#connected;
    const connection = await Connection.open(options, AbortSignal.timeout(CLEANUP_TIMEOUT_MS)).catch(
      () => undefined,
    );
    if (connection !== undefined) this.#connected = { connection, options };
  }
}
