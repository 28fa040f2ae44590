/**
 * What we do without at a broker that bears no more: our will, messages of our own, retained messages. An
 * MQTT 5 broker says so in its CONNACK; others hang up, and on what is found out here. Remembered as long as
 * the process lives.
 */

import type { QoS } from '../../core/policy.ts';
import type { LiveFlag } from '../retained/live-flag.ts';
import type { Raising, ReplayFlags } from '../retained/replay.ts';
import type { ReplayOrder } from '../retained/replay-order.ts';
import type { Connection } from './connection.ts';
import type { ConnectFailure } from './negotiation.ts';

/**
 * CONNACK codes (MQTT 5 §3.2.2.2) for a will like ours: "Retain not supported" of a broker without retained
 * messages, and "Protocol Error" of Mochi, over MQTT 3.1.1 too, for a will whose payload is empty.
 */
const WILL_NOT_TAKEN: ReadonlySet<number | undefined> = new Set([0x9a, 0x82]);

/** So many times in a row the broker may hang up, before something is left out. Two: one for each version of MQTT. */
const MAX_HANGUPS = 2;

/** Longest wait for the acknowledgement of the trial, in milliseconds. */
const TRIAL_LIMIT = 5_000;

export class Concessions {
  /** Whether CONNECT may bear our will. */
  will = true;
  /** Whether mqttrep may write topics of its own. */
  writes = true;
  /** Whether the broker bears retained messages. */
  retains = true;
  /** How it lets us come by the QoS that is wanted; undefined until it was tried. */
  raising: Raising | undefined;
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
  #wasConnected = false;
  #unanswered = 0;
  #hangups = 0;

  /** A CONNECT failed. Returns whether it is worth trying at once without what was objected to. */
  connectFailed({ code, wasConnected }: ConnectFailure): boolean {
    if (WILL_NOT_TAKEN.has(code) && this.will) {
      this.will = false;
      return true;
    }
    // Over MQTT 3.1.1 a broker has no words for that.
    if (code !== undefined || !wasConnected || this.#wasConnected) return false;
    if (++this.#unanswered % MAX_HANGUPS === 0) this.will = !this.will;
    return false;
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

  /** Whether it has to be found out on what the broker hangs up. */
  get isTrialDue(): boolean {
    return this.writes && this.retains && this.#hangups >= MAX_HANGUPS;
  }

  /**
   * Tells a broker that hangs up on any retained message from one that hangs up on our topics, and both from a
   * network that failed: writes there once more, with the retain flag, and then without.
   * @throws ConnectError
   */
  async settle(open: () => Promise<Connection>, topic: string): Promise<void> {
    if (await isTaken(await open(), topic, true)) this.#hangups = 0;
    else if (await isTaken(await open(), topic, false)) this.retains = false;
    else this.writes = false;
  }
}

/** Whether the broker takes a message under the topic. Leaves none behind. */
async function isTaken(connection: Connection, topic: string, retain: boolean): Promise<boolean> {
  const limit = setTimeout(() => connection.destroy(), TRIAL_LIMIT);
  const publish = (payload: string) =>
    connection.publish(topic, Buffer.from(payload), { qos: 1, retain }, () => undefined);
  publish('trial');
  // Its answer comes after what the broker made of the message, also of QoS 0; or never.
  await connection.unsubscribe([topic]);
  const isTaken = !connection.hasEnded;
  if (isTaken) {
    if (retain) publish('');
    await connection.end();
  }
  clearTimeout(limit);
  return isTaken;
}
