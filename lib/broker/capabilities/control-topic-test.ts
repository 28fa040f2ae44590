/**
 * Whether mqttrep may write retained control topics. MQTT 5 brokers tell in CONNACK what they do not support, and refuse by a
 * reason code. Over MQTT 3.1.1 a broker can only hang up, as mosquitto with `max_qos 0` does on a message of QoS 1.
 *
 * The first retained message of each connection is a control topic. After two connections in a row that end on it, the test
 * finds out which part of it the broker hangs up on. The network may have failed instead: then the test finds nothing.
 */

import type { Connection } from '../connection/connection.ts';
import { publishAcknowledged } from '../connection/publish-acknowledged.ts';
import { type Findings, MAX_HANGUPS } from './findings.ts';

const ANSWER_TIMEOUT_MS = 5_000;

interface WriteOptions {
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

export class ControlTopicTest {
  readonly #findings: Findings;
  #hangups = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** The first retained message of a connection is about to be written. */
  writing(): void {
    this.#hangups++;
  }

  /** The broker accepted it. */
  written(): void {
    this.#hangups = 0;
  }

  /** Whether it is to be found out what the broker hangs up on. */
  get isDue(): boolean {
    const { acceptsControlTopics, retains } = this.#findings.current;
    return acceptsControlTopics && retains && this.#hangups >= MAX_HANGUPS;
  }

  /**
   * Writes the message again on new connections, with less each time, until the broker accepts it. Returns the finding with
   * its evidence, for the log; undefined where the broker accepts the whole message.
   * @throws ConnectError
   */
  async run(open: () => Promise<Connection>, topic: string): Promise<string | undefined> {
    const before = `after ${this.#hangups} connections that ended on a retained message under a control topic`;
    const accepts = async (options: WriteOptions) => isAccepted(await open(), topic, options);
    if (await accepts({ qos: 1, retain: true })) {
      this.#hangups = 0;
      return undefined;
    }
    if (await accepts({ qos: 0, retain: true })) {
      this.#hangups = 0;
      this.#findings.learn({ maxQos: 0 });
      return `${before}, the broker closed another one on the same message with QoS 1, and accepted it with QoS 0; mqttrep publishes everything with QoS 0 (maxQos sets that)`;
    }
    if (await accepts({ qos: 0, retain: false })) {
      this.#findings.learn({ retains: false });
      return `${before}, the broker closed others on the same message with QoS 1 and 0, and accepted it without the retain flag; mqttrep publishes nothing retained`;
    }
    this.#findings.learn({ acceptsControlTopics: false });
    return `${before}, the broker closed others on the same message with QoS 1 and 0, and without the retain flag; mqttrep writes no control topic there`;
  }
}

/** Whether the broker accepts a message under the topic. Leaves no message behind. */
async function isAccepted(connection: Connection, topic: string, options: WriteOptions): Promise<boolean> {
  const timer = setTimeout(() => connection.destroy(), ANSWER_TIMEOUT_MS);
  void publishAcknowledged(connection, topic, 'test', options);
  // The UNSUBACK comes after the broker has handled the message, also one of QoS 0, or never.
  await connection.unsubscribe([topic]);
  const isAccepted = !connection.hasEnded;
  if (isAccepted) {
    if (options.retain) void publishAcknowledged(connection, topic, '', options);
    await connection.end();
  }
  clearTimeout(timer);
  return isAccepted;
}
