/**
 * Proves that messages flow: each period, one message under a control topic is published at the broker, and awaited back.
 *
 * A connection may stand and carry nothing: the broker answers pings, and delivers no message. Then no error ends the
 * connection. It is ended here if neither the heartbeat nor any other message has arrived within HEARTBEAT_TIMEOUT_MS. That
 * is done only at a broker that has delivered a heartbeat before, since some brokers, or rights, do not permit it at all.
 *
 * A heartbeat that came back goes on to the other brokers, by way of the reconciler. Their next heartbeat completes the path:
 * its latency is the sum of both, without the wait between them. So a path costs no message of its own.
 */

import type { IPublishPacket } from 'mqtt';
import { matches } from '../../core/filter.ts';
import type { Subscription } from '../../core/subscriptions.ts';
import type { Log } from '../../protocol/messages.ts';
import type { BrokerMeasures } from '../../protocol/requests.ts';
import type { Connection } from './connection.ts';
import { isRefusal } from './filter-requests.ts';

/** With the default period of 10 s a silent connection is found within 14 s. */
export const HEARTBEAT_TIMEOUT_MS = 4_000;

/** A timer that is later than this was held up: the messages that arrived meanwhile are read first. */
const LATE_MS = 1_000;

/** Connections in a row that end at their first heartbeat, after which mqttrep sends none to this broker. */
const MAX_STRIKES = 2;

/** A connection that ends within this time after its first heartbeat counts as ended by it. */
const STRIKE_MS = 2_000;

type Beating = Pick<Connection, 'publish' | 'subscribe' | 'destroy' | 'hasEnded' | 'isWriting'>;

export interface HeartbeatDeps {
  /** Milliseconds; Infinity for no heartbeats. */
  readonly periodMs: number;
  readonly log: Log;
  /** Messages that the broker has delivered so far. */
  readonly received: () => number;
  /** mqttrep does not read the connection at present. */
  readonly isHolding: () => boolean;
  /** A heartbeat has come back that was sent at this time. */
  readonly cameBack?: (sentAt: number) => void;
}

/** Milliseconds since 1970, by a clock that is not set. Threads of one process share it. */
export function heartbeatClock(): number {
  return performance.timeOrigin + performance.now();
}

export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  #connection: Beating | undefined;
  #topic: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #number = 0;
  #sentAt: number | undefined;
  #receivedBefore = 0;
  /** The broker has delivered a heartbeat. */
  #isProven = false;
  #strikes = 0;
  #firstSentAt: number | undefined;
  #isDoubtLogged = false;
  #silences = 0;
  #latency: number | null = null;
  #cameBackAt: number | null = null;
  /** By the name of another broker: the time that its heartbeat took until it was here. */
  readonly #heard = new Map<string, number>();
  readonly #paths = new Map<string, number>();

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
  }

  /**
   * The connection has subscribed to the filters.
   * @param topic undefined where mqttrep may write no control topic
   */
  begin(connection: Beating, topic: string | undefined, filters: readonly Subscription[]): void {
    this.end();
    const { periodMs } = this.#deps;
    if (topic === undefined || periodMs === Number.POSITIVE_INFINITY || this.#strikes >= MAX_STRIKES) return;
    this.#connection = connection;
    this.#topic = topic;
    const isSubscribed = filters.some(({ filter }) => matches(filter, topic));
    this.#later(periodMs, () => this.#first(connection, topic, isSubscribed));
  }

  /** The session is over. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.#firstSentAt !== undefined && this.#cameBackAt === null) this.#noteStrike(this.#firstSentAt);
    this.#connection = undefined;
    this.#topic = undefined;
    this.#sentAt = undefined;
    this.#firstSentAt = undefined;
  }

  /** Returns whether the message is a heartbeat of this broker. */
  observe({ topic, payload }: Pick<IPublishPacket, 'topic' | 'payload'>): boolean {
    if (topic !== this.#topic) return false;
    if (this.#sentAt === undefined || payload.toString() !== String(this.#number)) return true;
    const now = heartbeatClock();
    this.#latency = now - this.#sentAt;
    this.#cameBackAt = now;
    this.#isProven = true;
    this.#strikes = 0;
    for (const [from, elapsed] of this.#heard) this.#paths.set(from, elapsed + this.#latency);
    this.#heard.clear();
    this.#deps.cameBack?.(this.#sentAt);
    this.#sentAt = undefined;
    return true;
  }

  /** The heartbeat of another broker has come through the reconciler. */
  heard(from: string, sentAt: number): void {
    this.#heard.set(from, Math.max(0, heartbeatClock() - sentAt));
  }

  get measures(): BrokerMeasures['heartbeat'] {
    return {
      latency: this.#latency,
      cameBackAt: this.#cameBackAt,
      paths: Object.fromEntries(this.#paths),
    };
  }

  /** Connections that stood and carried nothing. */
  get silences(): number {
    return this.#silences;
  }

  async #first(connection: Beating, topic: string, isSubscribed: boolean): Promise<void> {
    this.#firstSentAt = heartbeatClock();
    if (!isSubscribed) {
      const options = { qos: 0, replay: false, retainAsPublished: false } as const;
      const grants = await connection.subscribe([topic], options).catch(() => undefined);
      if (connection !== this.#connection) return;
      if (grants === undefined || grants.some(isRefusal)) {
        this.#deps.log(
          'info',
          `the broker refuses the subscription to ${topic}, so mqttrep sends no heartbeats there; permit the account to read and write under MQTTREP_CONTROL_TOPIC`,
        );
        return;
      }
    }
    this.#beat();
  }

  #beat(): void {
    const connection = this.#connection;
    if (connection === undefined || this.#topic === undefined || connection.hasEnded) return;
    this.#number++;
    this.#sentAt = heartbeatClock();
    this.#receivedBefore = this.#deps.received();
    const options = { qos: 0, retain: false } as const;
    connection.publish(this.#topic, Buffer.from(String(this.#number)), options, () => undefined);
    this.#later(HEARTBEAT_TIMEOUT_MS, () => this.#check(connection));
  }

  #check(connection: Beating): void {
    if (this.#isSilent(connection)) {
      this.#silences++;
      this.#deps.log(
        'warn',
        `connected but silent: neither the heartbeat nor any other message came within ${HEARTBEAT_TIMEOUT_MS / 1000} s; reconnecting`,
      );
      connection.destroy();
      return;
    }
    if (this.#sentAt !== undefined && !this.#isProven && !this.#isDoubtLogged) this.#logDoubt();
    this.#later(Math.max(0, this.#deps.periodMs - HEARTBEAT_TIMEOUT_MS), () => this.#beat());
  }

  #isSilent({ isWriting }: Beating): boolean {
    if (this.#sentAt === undefined || !this.#isProven) return false;
    // What mqttrep sends, or does not read, may delay the heartbeat.
    return !isWriting && !this.#deps.isHolding() && this.#deps.received() === this.#receivedBefore;
  }

  /** If the thread was busy, it first gets a moment to read what has arrived meanwhile. */
  #later(milliseconds: number, act: () => void): void {
    clearTimeout(this.#timer);
    const dueAt = performance.now() + milliseconds;
    this.#timer = setTimeout(() => {
      const isLate = performance.now() - dueAt > LATE_MS;
      if (isLate) this.#timer = setTimeout(act, LATE_MS).unref();
      else act();
    }, milliseconds).unref();
  }

  #logDoubt(): void {
    this.#isDoubtLogged = true;
    this.#deps.log(
      'info',
      `the heartbeat under ${this.#topic} does not come back, so mqttrep cannot notice a connection that carries nothing; permit the account to read and write under MQTTREP_CONTROL_TOPIC`,
    );
  }

  #noteStrike(firstSentAt: number): void {
    if (heartbeatClock() - firstSentAt > STRIKE_MS) return;
    if (++this.#strikes < MAX_STRIKES) return;
    this.#deps.log(
      'warn',
      'the connection ended twice at the first heartbeat; mqttrep sends no more heartbeats to this broker',
    );
  }
}
