/**
 * Tests one broker for `mqttrep check --connect`. All messages stand under a control topic of its own. They are removed at the
 * end, also when the check is interrupted or runs out of time.
 */

import type { QoS } from '../../core/policy.ts';
import type { BrokerSettings } from '../../protocol/settings.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionOptions } from '../connection/connection-options.ts';
import { isRefusal } from '../connection/filter-requests.ts';
import { daysUntil } from '../credentials/certificate-days.ts';
import type { ProtocolVersion } from '../network/negotiation.ts';
import { CheckTopics, checkTopic, checkWill } from './check-topics.ts';
import { type ConnectedOnce, connectOnce, type DiagnosticsSettings } from './connect-once.ts';
import { EventSessionCheck } from './event-session-check.ts';
import { type Finding, nothingFound, type WriteProbe } from './finding.ts';
import { Inbox, type WaitOptions } from './inbox.ts';
import { ReplayCheck } from './replay-check.ts';
import { unlessAborted } from './unless-aborted.ts';
import { probeWrite, type WrittenFilter } from './write-probe.ts';

export type { Finding };

/** Longest wait for an echo. */
const ANSWER_TIMEOUT_MS = 5_000;

const LIVE = { replay: false, retainAsPublished: false } as const;

const VERSION_NAMES: Readonly<Record<ProtocolVersion, string>> = {
  3: 'MQTT 3.1',
  4: 'MQTT 3.1.1',
  5: 'MQTT 5',
};

export interface CheckOptions {
  /** Of the check, in its control topics. */
  readonly id: string;
  /** Filters under which a message is written, to see whether that is permitted; undefined to write none. */
  readonly writeProbes: readonly WrittenFilter[] | undefined;
  /** Ends the check; the messages are removed all the same. */
  readonly signal: AbortSignal;
}

export async function checkBroker(settings: DiagnosticsSettings, options: CheckOptions): Promise<Finding> {
  const { id, signal } = options;
  let connected: ConnectedOnce;
  try {
    connected = await connectOnce(settings, signal, checkWill(settings, id));
  } catch (error) {
    return { ...nothingFound(settings.name), note: (error as Error).message };
  }
  return await new BrokerCheck(settings, connected, options).run();
}

class BrokerCheck {
  readonly #settings: BrokerSettings;
  readonly #signal: AbortSignal;
  readonly #writeProbes: readonly WrittenFilter[] | undefined;
  readonly #inbox: Inbox;
  readonly #topics: CheckTopics;
  readonly #options: ConnectionOptions;
  #finding: Finding;
  #eventSession: Promise<unknown> = Promise.resolve();

  constructor(settings: BrokerSettings, connected: ConnectedOnce, options: CheckOptions) {
    const { id, writeProbes, signal } = options;
    this.#settings = settings;
    this.#writeProbes = writeProbes;
    this.#signal = signal;
    this.#inbox = new Inbox(connected.connection);
    this.#options = connected.options;
    this.#topics = new CheckTopics(checkTopic(settings, id), connected);
    const { protocolVersion, certificateEnds } = connected.connection;
    this.#finding = {
      ...nothingFound(settings.name),
      reached: true,
      protocol: VERSION_NAMES[protocolVersion],
      certificateDays: daysUntil(certificateEnds, Date.now()),
    };
  }

  async run(): Promise<Finding> {
    try {
      await unlessAborted(this.#test(), this.#signal);
    } catch (error) {
      this.#note(
        this.#signal.aborted ? 'there was not enough time for everything' : (error as Error).message,
      );
    }
    // After an abort it still removes its session.
    await this.#eventSession.catch(() => undefined);
    const isLeft = await this.#topics.cleanUp();
    if (isLeft)
      this.#note(`the connection was lost; messages under ${this.#topics.root}/… may be left at the broker`);
    await this.#connection.end();
    return this.#finding;
  }

  get #connection(): Connection {
    return this.#topics.connection;
  }

  async #test(): Promise<void> {
    const { root } = this.#topics;
    if (!this.#connection.limits.retains) this.#found({ retained: false });
    if (root === undefined) this.#note('nothing was written, since control topics are off');
    else await this.#testWrites(root);
    await this.#testFilters();
    if (this.#writeProbes !== undefined) await this.#testWriteRights(this.#writeProbes);
    await this.#testEventSession();
  }

  /** Last, since it may end the connection. */
  async #testEventSession(): Promise<void> {
    const { events } = this.#settings;
    if (events === undefined || this.#signal.aborted || this.#connection.hasEnded) return;
    const check = new EventSessionCheck(events, this.#topics, this.#options, this.#signal);
    const running = check.run();
    this.#eventSession = running;
    this.#found({ eventSession: await running });
  }

  async #testWriteRights(filters: readonly WrittenFilter[]): Promise<void> {
    const writes: WriteProbe[] = [];
    for (const filter of filters) {
      if (this.#signal.aborted || this.#connection.hasEnded) break;
      await this.#topics.turn();
      writes.push(await probeWrite(this.#connection, this.#inbox, filter, this.#settings, this.#waitOptions));
      this.#found({ writes: [...writes] });
    }
  }

  async #testWrites(root: string): Promise<void> {
    await this.#testEcho(`${root}/echo`);
    // After an abort nothing more is written: the messages have been removed.
    if (this.#signal.aborted) return;
    if (!this.#connection.limits.retains) return;
    const check = new ReplayCheck(root, this.#topics, this.#inbox, this.#settings, this.#signal);
    const replay = await check.run();
    // If no message came back at all, the account may lack the rights: that tells nothing of what the broker retains.
    if (replay.retained !== false || this.#finding.echo !== false) this.#found(replay);
  }

  /** Publishes three times to a topic that it subscribes to. */
  async #testEcho(topic: string): Promise<void> {
    if (this.#signal.aborted) return;
    const [grant] = await this.#connection.subscribe([topic], { qos: 1, ...LIVE });
    if (grant === undefined || isRefusal(grant)) {
      this.#found({ echo: false });
      this.#note(`the subscription to ${topic} is refused`);
      return;
    }
    const times: number[] = [];
    for (const payload of ['1', '2', '3']) {
      let seenAt: number | undefined;
      this.#inbox.take = packet => {
        if (packet.topic === topic && packet.payload.toString() === payload) seenAt = performance.now();
      };
      await this.#topics.turn();
      const begin = performance.now();
      this.#topics.publish(topic, payload, { qos: 1, retain: false });
      if (!(await this.#inbox.until(() => seenAt !== undefined, this.#waitOptions))) break;
      times.push((seenAt ?? begin) - begin);
    }
    if (this.#signal.aborted && times.length === 0) return;
    const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
    this.#found({ echo: median !== undefined, roundTrip: median ?? null });
    if (median === undefined && !this.#connection.hasEnded)
      this.#note(
        `a message to ${topic} did not come back: permit the account of mqttrep to write and read under MQTTREP_CONTROL_TOPIC`,
      );
  }

  /** Subscribes to the configured filters, and takes only the SUBACK into account. */
  async #testFilters(): Promise<void> {
    const { subscriptions } = this.#settings;
    this.#inbox.take = () => undefined;
    const granted: number[] = [];
    const refusedFilters: string[] = [];
    for (const { filter, qos } of subscriptions) {
      if (this.#signal.aborted) return;
      const begin = performance.now();
      const grants = await this.#connection.subscribe([filter], { qos, ...LIVE });
      // Without control topics the SUBACK is the only round trip.
      const roundTrip = this.#finding.roundTrip ?? performance.now() - begin;
      if (this.#topics.root === undefined) this.#found({ roundTrip });
      await this.#connection.unsubscribe([filter]);
      if (grants.some(isRefusal)) refusedFilters.push(filter);
      else granted.push(...grants.map(({ code }) => code));
    }
    const lowest = Math.min(...granted);
    this.#found({ refusedFilters, grantedQos: Number.isFinite(lowest) ? (lowest as QoS) : null });
  }

  get #waitOptions(): WaitOptions {
    return { timeoutMs: ANSWER_TIMEOUT_MS, signal: this.#signal };
  }

  #found(part: Partial<Finding>): void {
    this.#finding = { ...this.#finding, ...part };
  }

  #note(note: string): void {
    const before = this.#finding.note;
    this.#found({ note: before === null ? note : `${before}; ${note}` });
  }
}
