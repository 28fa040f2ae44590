/**
 * What we do without at a broker that bears no more: our will, messages of our own, retained messages. An
 * MQTT 5 broker says so in its CONNACK; others hang up, and on what is found out here. Remembered as long as
 * the process lives.
 */

import type { QoS } from '../../core/policy.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectFailure } from '../connection/negotiation.ts';
import type { QosUpgrade, ReplayFlags } from '../retained/replay.ts';
import type { LiveFlag } from './live-flag-test.ts';
import type { ReplayOrder } from './replay-order-test.ts';

/**
 * CONNACK codes (MQTT 5 §3.2.2.2) for a will like ours: "Retain not supported" of a broker without retained messages; and
 * "Malformed Packet" and "Protocol Error" of brokers that bear no such will, some over MQTT 3.1.1 too.
 */
const WILL_NOT_TAKEN: ReadonlySet<number | undefined> = new Set([0x9a, 0x81, 0x82]);

/** CONNACK code (MQTT 5 §3.2.2.2) for a will with a QoS that the broker does not support. */
const QOS_NOT_SUPPORTED = 0x9b;

/** So many times in a row the broker may hang up, before something is left out. Two: one for each version of MQTT. */
const MAX_HANGUPS = 2;

/** Longest wait for the acknowledgement of the trial, in milliseconds. */
const WRITE_TEST_TIMEOUT_MS = 5_000;

export class BrokerCapabilities {
  /** Whether CONNECT may bear our will. */
  will = true;
  /** The highest QoS that the will may have. */
  willQos: QoS = 2;
  /** Whether mqttrep may write topics of its own. */
  writes = true;
  /** Whether the broker bears retained messages. */
  retains = true;
  /** How it lets us come by the QoS that is wanted; undefined until it was tried. */
  raising: QosUpgrade | undefined;
  /** In which it shows what it retains; undefined until it was tried. */
  order: ReplayOrder | undefined;
  /** Whether what it shows bears the retain flag, as was seen last; undefined until it was. */
  flags: ReplayFlags | undefined;
  /** Replays in a row at the end of which it did not show the sentinel, though it had shown it before. */
  lostSentinels = 0;
  /** Over MQTT 3.1.1, the QoS that it grants in place of a higher one, and so may be published; undefined until it does. */
  maxQos: QoS | undefined;
  /** Over MQTT 5, what becomes of the retain flag of live messages; undefined until it was tried. */
  liveFlag: LiveFlag | undefined;
  /** Over MQTT 3.1.1, what becomes of it where they have QoS 0; the others lose it. */
  liveFlagOfQos0: LiveFlag | undefined;
  /** Whether others may be asked for: some brokers hang up on that SUBSCRIBE. */
  noticesOthers = true;
  #listens = 0;
  #wasConnected = false;
  #unansweredConnects = 0;
  #hangups = 0;

  /**
   * A CONNECT failed. Returns whether it is worth trying at once without what was objected to.
   * @param willQos the QoS of its will, if it had one
   */
  connectFailed({ code, wasConnected }: ConnectFailure, willQos: QoS = 0): boolean {
    if (code === QOS_NOT_SUPPORTED && willQos > 0) {
      this.willQos = (willQos - 1) as QoS;
      return true;
    }
    if (WILL_NOT_TAKEN.has(code) && this.will) {
      this.will = false;
      return true;
    }
    // Over MQTT 3.1.1 a broker has no words for that.
    if (code !== undefined || !wasConnected || this.#wasConnected) return false;
    if (++this.#unansweredConnects % MAX_HANGUPS === 0) this.#changeWill(willQos);
    return false;
  }

  /** As much of a will as CONNECT may bear; undefined where it may bear none. */
  supportedWill<W extends { readonly qos: QoS }>(will: W, maxQos: QoS): W | undefined {
    return this.will ? { ...will, qos: Math.min(will.qos, this.willQos, maxQos) as QoS } : undefined;
  }

  /** Of the will first the QoS is left out, then all of it; then it is tried as it was again. */
  #changeWill(willQos: QoS): void {
    if (willQos > 0) {
      this.willQos = 0;
      return;
    }
    this.will = !this.will;
    if (this.will) this.willQos = 2;
  }

  connected(): void {
    this.#wasConnected = true;
  }

  /** About to write a retained message of our own, the first of a connection. */
  writing(): void {
    this.#hangups++;
  }

  /** The broker took it. */
  written(): void {
    this.#hangups = 0;
  }

  /** About to ask for the presence of other replicators. */
  listening(): void {
    if (++this.#listens > MAX_HANGUPS) this.noticesOthers = false;
  }

  /** The broker answered. */
  listens(): void {
    this.#listens = 0;
    this.noticesOthers = true;
  }

  /** Whether it has to be found out on what the broker hangs up. */
  get isWriteTestDue(): boolean {
    return this.writes && this.retains && this.#hangups >= MAX_HANGUPS;
  }

  /**
   * Finds out what it is that the broker hangs up on: the QoS, any retained message, or our topics. Or it was the network
   * that failed. Writes there once more, with less each time. Returns what is to be said, with the evidence.
   * @throws ConnectError
   */
  async testWrites(open: () => Promise<Connection>, topic: string): Promise<string | undefined> {
    const before = `after ${this.#hangups} connections that ended on a retained message under a control topic`;
    const isTakenAs = async (options: Written) => isTaken(await open(), topic, options);
    if (await isTakenAs({ qos: 1, retain: true })) {
      this.#hangups = 0;
      return undefined;
    }
    if (await isTakenAs({ qos: 0, retain: true })) {
      this.#hangups = 0;
      this.maxQos = 0;
      return `${before}, the broker closed another one on the same message with QoS 1, and took it with QoS 0: all is published with QoS 0; maxQos sets that`;
    }
    if (await isTakenAs({ qos: 0, retain: false })) {
      this.retains = false;
      return `${before}, the broker closed others on the same message with QoS 1 and 0, and took it without the retain flag: nothing is published retained`;
    }
    this.writes = false;
    return `${before}, the broker closed others on the same message with QoS 1 and 0, and without the retain flag: mqttrep writes no topic of its own there`;
  }
}

interface Written {
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** Whether the broker takes a message under the topic. Leaves none behind. */
async function isTaken(connection: Connection, topic: string, options: Written): Promise<boolean> {
  const limit = setTimeout(() => connection.destroy(), WRITE_TEST_TIMEOUT_MS);
  const publish = (payload: string) =>
    connection.publish(topic, Buffer.from(payload), options, () => undefined);
  publish('quarantine');
  // Its answer comes after what the broker made of the message, also of QoS 0; or never.
  await connection.unsubscribe([topic]);
  const isTaken = !connection.hasEnded;
  if (isTaken) {
    if (options.retain) publish('');
    await connection.end();
  }
  clearTimeout(limit);
  return isTaken;
}
