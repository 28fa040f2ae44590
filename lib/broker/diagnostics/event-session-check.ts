/**
 * What a broker does with the session of event topics, for `check --connect`: a connection beside that of the check begins a
 * session, and is cut. Messages are published meanwhile. A second connection then tells what the broker has kept.
 *
 * At the end the session is removed, also when the check is interrupted.
 */

import type { EventLinkSettings } from '../../protocol/event-settings.ts';
import { Connection } from '../connection/connection.ts';
import type { ConnectionOptions } from '../connection/connection-options.ts';
import { isRefusal } from '../connection/filter-requests.ts';
import { eventOptions } from '../events/event-options.ts';
import { ConnectError } from '../network/connect-error.ts';
import { withTimeout } from '../timing/with-timeout.ts';
import type { CheckTopics } from './check-topics.ts';
import type { EventSessionFinding } from './event-session-finding.ts';
import { Inbox, type WaitOptions } from './inbox.ts';
import { unlessAborted } from './unless-aborted.ts';

/** More than a queue has by the defaults of some brokers. */
const AWAY_MESSAGES = 1_100;

/** Longest wait for the acknowledgements, and for the messages. */
const TIMEOUT_MS = 10_000;

/** The messages end after this time without one. */
const QUIET_MS = 1_500;

/** A broker that closes the first connection because of the second one does so within this time. */
const TAKEOVER_MS = 500;

const CLEANUP_TIMEOUT_MS = 5_000;

/** Two CONNECTs in a row may meet a broker that is busy. */
const MAX_REFUSALS = 2;

export class EventSessionCheck {
  readonly #settings: EventLinkSettings;
  readonly #topics: CheckTopics;
  readonly #options: ConnectionOptions;
  readonly #signal: AbortSignal;
  #hasSession = false;

  /** @param options those of the connection of the check */
  constructor(
    settings: EventLinkSettings,
    topics: CheckTopics,
    options: ConnectionOptions,
    signal: AbortSignal,
  ) {
    this.#settings = settings;
    this.#topics = topics;
    this.#options = withSession(options, settings.sessionExpiry);
    this.#signal = signal;
  }

  /** @throws when the signal is aborted, or the broker cannot be reached any more; the session is removed then too */
  async run(): Promise<EventSessionFinding> {
    try {
      return await unlessAborted(this.#test(), this.#signal);
    } finally {
      await this.#remove();
    }
  }

  async #test(): Promise<EventSessionFinding> {
    const first = await this.#openBeside();
    if (typeof first === 'string') return { secondConnection: first };
    const { root } = this.#topics;
    const topic = root === undefined ? undefined : `${root}/event`;
    const isSubscribed = topic !== undefined && (await this.#subscribe(first, topic));
    first.destroy();
    await first.closed;
    const published = isSubscribed && topic !== undefined ? await this.#publish(topic) : 0;
    const second = await Connection.open(this.#options, this.#signal);
    const { expiry } = first.session;
    const found = {
      secondConnection: 'accepted',
      sessionPresent: second.session.isPresent,
      sessionExpiry: first.protocolVersion === 5 ? (expiry ?? this.#settings.sessionExpiry) : undefined,
      receiveMaximum: first.protocolVersion === 5 ? first.limits.receiveMaximum : undefined,
    } as const;
    if (published === 0) {
      await second.end();
      return found;
    }
    return { ...found, published, ...(await this.#read(second, topic ?? '')) };
  }

  /** The connection, or what the broker did instead. */
  async #openBeside(): Promise<Connection | 'refused' | 'ends the first'> {
    for (let attempt = 1; ; attempt++) {
      try {
        const connection = await Connection.open(this.#options, this.#signal);
        this.#hasSession = true;
        const main = this.#topics.connection;
        const hungUp = main.closed.then(() => main.wasHungUp);
        const isEnded = await withTimeout(hungUp, TAKEOVER_MS, false);
        if (!isEnded) return connection;
        connection.destroy();
        return 'ends the first';
      } catch (error) {
        if (!(error instanceof ConnectError) || this.#signal.aborted) throw error;
        if (attempt === MAX_REFUSALS) return 'refused';
      }
    }
  }

  async #subscribe(connection: Connection, topic: string): Promise<boolean> {
    const [grant] = await connection.subscribe([topic], { qos: 1, replay: false, retainAsPublished: true });
    return grant !== undefined && !isRefusal(grant);
  }

  /** Returns how many messages the broker has acknowledged. */
  async #publish(topic: string): Promise<number> {
    const { connection } = this.#topics;
    let acknowledged = 0;
    const all = Array.from(
      { length: AWAY_MESSAGES },
      (_, number) =>
        new Promise<void>(resolve => {
          connection.publish(topic, Buffer.from(String(number)), { qos: 1, retain: false }, error => {
            if (error === undefined || error === null) acknowledged++;
            resolve();
          });
        }),
    );
    await withTimeout(Promise.race([Promise.all(all), connection.closed]), TIMEOUT_MS, undefined);
    return acknowledged;
  }

  /** First without acknowledgements, and then with them. */
  async #read(connection: Connection, topic: string): Promise<Partial<EventSessionFinding>> {
    connection.holdAcknowledgements();
    const numbers: number[] = [];
    let isHeld = true;
    let last = 0;
    const inbox = new Inbox(connection, message => {
      if (message.topic !== topic) return;
      numbers.push(Number(message.payload.toString()));
      last = Math.max(last, message.ordinal ?? 0);
      if (!isHeld && last > 0) connection.acknowledgedThrough(last);
    });
    const areAll = () => new Set(numbers).size >= AWAY_MESSAGES;
    const wait: WaitOptions = { timeoutMs: TIMEOUT_MS, quietMs: QUIET_MS, signal: this.#signal };
    await inbox.until(areAll, wait);
    const window = numbers.length;
    isHeld = false;
    if (last > 0) connection.acknowledgedThrough(last);
    await inbox.until(areAll, wait);
    await connection.end();
    const kept = [...new Set(numbers)];
    return {
      window,
      kept: kept.length,
      isOrdered: kept.every((number, index) => index === 0 || number > (kept[index - 1] ?? 0)),
    };
  }

  /** A connection that begins clean, and has no expiry, leaves no session. */
  async #remove(): Promise<void> {
    if (!this.#hasSession) return;
    const { properties, ...options } = this.#options.options;
    const expiry = { ...(properties as object | undefined), sessionExpiryInterval: 0 };
    const clean = { ...this.#options, options: { ...options, properties: expiry, clean: true } };
    const connection = await Connection.open(clean, AbortSignal.timeout(CLEANUP_TIMEOUT_MS)).catch(
      () => undefined,
    );
    await connection?.end();
  }
}

/** As the event connection of a replicator connects, but with a client id of its own. */
function withSession(connection: ConnectionOptions, sessionExpiry: number): ConnectionOptions {
  return {
    ...connection,
    clientId: `${connection.clientId}_events`,
    options: eventOptions(connection.options, sessionExpiry),
  };
}
