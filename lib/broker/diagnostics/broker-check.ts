/**
 * What one broker does, found out by doing it: `mqttrep check --connect`. All that is written stands under a
 * control topic of its own, and is removed at the end, also when it is interrupted or runs out of time.
 */

import type { QoS } from '../../core/policy.ts';
import { ControlTopics } from '../../protocol/control-topics.ts';
import type { BrokerSettings } from '../../protocol/settings.ts';
import { Connection } from '../connection/connection.ts';
import { isRefusal } from '../connection/filter-requests.ts';
import type { ProtocolVersion } from '../connection/negotiation.ts';
import type { Will } from '../presence.ts';
import { type ConnectedOnce, connectOnce, type DiagnosticsSettings } from './connect-once.ts';
import { Inbox } from './inbox.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface Finding {
  readonly name: string;
  readonly reached: boolean;
  /** Why it was not reached, or what could not be looked at. */
  readonly note: string | null;
  readonly protocol: string | null;
  /** The lowest QoS that it grants to the configured filters; null where there are none. */
  readonly grantedQos: QoS | null;
  readonly refusedFilters: readonly string[];
  /** Whether it keeps a retained message. */
  readonly retained: boolean | null;
  /** What a subscription with a wildcard shows of the retained messages that are there. */
  readonly wildcardReplay: { readonly shown: number; readonly stored: number } | null;
  /** Whether it delivers our own message back to us. */
  readonly echo: boolean | null;
  /** Milliseconds from a publish to its echo, the median of three; with control topics off, of a SUBSCRIBE. */
  readonly roundTrip: number | null;
}

/** Retained messages that are written: brokers are known to cut a replay after 1,000 and 1,020. */
const REPLAYED = 1_100;

/** Topics in one SUBSCRIBE of exact topics. */
const BATCH = 100;

/** Longest wait for one answer, in milliseconds. */
const ANSWER_LIMIT = 5_000;

/** Without a message for so many milliseconds, a replay counts as over. */
const QUIET = 2_000;

/** Longest time that the removal of what was written may take, in milliseconds. */
const CLEANUP_LIMIT = 5_000;

/** Seconds after which an MQTT 5 broker removes by itself what we could not remove. */
const EXPIRY = 10 * 60;

const LIVE = { replay: false, retainAsPublished: false } as const;
const REPLAY = { qos: 0, replay: true, retainAsPublished: false } as const;

const VERSIONS: Readonly<Record<ProtocolVersion, string>> = { 3: 'MQTT 3.1', 4: 'MQTT 3.1.1', 5: 'MQTT 5' };

/** @param signal ends the examination; what was written is removed all the same */
export async function checkBroker(
  settings: DiagnosticsSettings,
  id: string,
  signal: AbortSignal,
): Promise<Finding> {
  let reached: ConnectedOnce;
  try {
    reached = await connectOnce(settings, signal, willFor(settings, id));
  } catch (error) {
    return { ...nothingFound(settings.name), note: (error as Error).message };
  }
  return await new BrokerCheck(settings, reached, id, signal).run();
}

/** Where mqttrep may write no topic of its own, there is none for a will. */
function rootOf({ name, controlPrefix }: BrokerSettings, id: string): string | undefined {
  return controlPrefix === undefined ? undefined : new ControlTopics(controlPrefix, id, name).of('check');
}

function willTopic(root: string): string {
  return `${root}/will`;
}

/** Like the will of a replicator, or the one that the user has it bear, but under a topic of the examination. */
function willFor(settings: BrokerSettings, id: string): Will | undefined {
  const root = rootOf(settings, id);
  if (root === undefined) return undefined;
  const usual = { payload: Buffer.from('offline'), qos: settings.stateTopics ? 1 : 0, retain: true } as const;
  const { properties, ...users } = (settings.options['will'] ?? {}) as Partial<Will>;
  return {
    ...usual,
    ...users,
    topic: willTopic(root),
    properties: { ...properties, messageExpiryInterval: EXPIRY },
  };
}

function nothingFound(name: string): Finding {
  return {
    name,
    reached: false,
    note: null,
    protocol: null,
    grantedQos: null,
    refusedFilters: [],
    retained: null,
    wildcardReplay: null,
    echo: null,
    roundTrip: null,
  };
}

class BrokerCheck {
  readonly #settings: BrokerSettings;
  #reached: ConnectedOnce;
  readonly #signal: AbortSignal;
  readonly #inbox: Inbox;
  /** Undefined where mqttrep may write no topic of its own. */
  readonly #root: string | undefined;
  readonly #written = new Set<string>();
  #finding: Finding;

  constructor(settings: BrokerSettings, reached: ConnectedOnce, id: string, signal: AbortSignal) {
    const { name } = settings;
    this.#settings = settings;
    this.#reached = reached;
    this.#signal = signal;
    this.#inbox = new Inbox(reached.connection);
    this.#root = rootOf(settings, id);
    const protocol = VERSIONS[reached.connection.protocolVersion];
    this.#finding = { ...nothingFound(name), reached: true, protocol };
  }

  async run(): Promise<Finding> {
    try {
      await unlessAborted(this.#look(), this.#signal);
    } catch (error) {
      this.#note(
        this.#signal.aborted ? 'there was not enough time for everything' : (error as Error).message,
      );
    }
    await this.#cleanUp();
    await this.#connection.end();
    return this.#finding;
  }

  async #look(): Promise<void> {
    if (!this.#connection.limits.retains) this.#found({ retained: false });
    if (this.#root === undefined) this.#note('nothing was written, since control topics are off');
    else await this.#write(this.#root);
    await this.#subscribe();
  }

  get #connection(): Connection {
    return this.#reached.connection;
  }

  async #write(root: string): Promise<void> {
    await this.#lookForEcho(`${root}/echo`);
    // Once it is over nothing more is written: what was has been removed.
    if (this.#signal.aborted) return;
    if (this.#connection.limits.retains) await this.#lookForReplay(root);
  }

  /** Publishes thrice to a topic that it is subscribed to. */
  async #lookForEcho(topic: string): Promise<void> {
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
      const begin = performance.now();
      this.#publish(topic, payload, { qos: 1, retain: false });
      if (!(await this.#inbox.until(() => seenAt !== undefined, this.#patience()))) break;
      times.push((seenAt ?? begin) - begin);
    }
    if (this.#signal.aborted && times.length === 0) return;
    const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
    this.#found({ echo: median !== undefined, roundTrip: median ?? null });
  }

  /** Writes many retained messages and looks which a wildcard shows, and which an exact subscription. */
  async #lookForReplay(root: string): Promise<void> {
    const topics = Array.from({ length: REPLAYED }, (_, index) => `${root}/many/${index}`);
    // RabbitMQ 3 replays the last filter of a SUBSCRIBE first.
    const ends = [`${root}/begin`, `${root}/end`] as const;
    for (const topic of topics) this.#publish(topic, 'x', { qos: 0, retain: true });
    await Promise.all(ends.map(end => this.#acknowledged(end, 'x')));
    const { shown, isComplete } = await this.#shown([`${root}/many/#`], ends);
    const missing = topics.filter(topic => !shown.has(topic));
    let hidden = 0;
    for (let begin = 0; begin < missing.length && !this.#signal.aborted; begin += BATCH) {
      const { shown: found } = await this.#shown(missing.slice(begin, begin + BATCH), ends);
      hidden += found.size;
      // Where nothing at all is shown, it retains nothing.
      if (found.size === 0 && shown.size === 0) break;
    }
    if (this.#signal.aborted) return;
    const stored = shown.size + hidden;
    this.#found({ retained: stored > 0 || isComplete });
    if (stored > 0) this.#found({ wildcardReplay: { shown: shown.size, stored } });
  }

  /** The retained messages that a subscription shows, without its ends, and whether both of these were shown. */
  async #shown(
    filters: readonly string[],
    [begin, end]: readonly [string, string],
  ): Promise<{ shown: Set<string>; isComplete: boolean }> {
    const shown = new Set<string>();
    this.#inbox.take = ({ topic, retain }) => {
      if (retain) shown.add(topic);
    };
    const wanted = [begin, ...filters, end];
    await this.#connection.subscribe(wanted, REPLAY);
    const areShown = () => shown.has(begin) && shown.has(end);
    const isComplete = await this.#inbox.until(areShown, { ...this.#patience(), quiet: QUIET });
    await this.#connection.unsubscribe(wanted);
    shown.delete(begin);
    shown.delete(end);
    return { shown, isComplete };
  }

  /** Subscribes to what is configured, and looks at nothing but the answer. */
  async #subscribe(): Promise<void> {
    const { subscriptions } = this.#settings;
    this.#inbox.take = () => undefined;
    const granted: number[] = [];
    const refusedFilters: string[] = [];
    for (const { filter, qos } of subscriptions) {
      if (this.#signal.aborted) return;
      const begin = performance.now();
      const grants = await this.#connection.subscribe([filter], { qos, ...LIVE });
      // Where nothing may be written, the answer to a SUBSCRIBE has to do.
      const roundTrip = this.#finding.roundTrip ?? performance.now() - begin;
      if (this.#root === undefined) this.#found({ roundTrip });
      await this.#connection.unsubscribe([filter]);
      if (grants.some(isRefusal)) refusedFilters.push(filter);
      else granted.push(...grants.map(({ code }) => code));
    }
    const lowest = Math.min(...granted);
    this.#found({ refusedFilters, grantedQos: Number.isFinite(lowest) ? (lowest as QoS) : null });
  }

  #publish(topic: string, payload: string, options: { qos: QoS; retain: boolean }): void {
    if (options.retain) this.#written.add(topic);
    const properties = payload === '' ? {} : { properties: { messageExpiryInterval: EXPIRY } };
    this.#connection.publish(topic, Buffer.from(payload), { ...options, ...properties }, () => undefined);
  }

  /** Publishes retained, and waits for the broker to have taken that, and with it all before it. */
  #acknowledged(topic: string, payload: string, limit = ANSWER_LIMIT): Promise<void> {
    if (payload !== '') this.#written.add(topic);
    return new Promise(resolve => {
      const latest = setTimeout(resolve, limit);
      this.#connection.publish(topic, Buffer.from(payload), { qos: 1, retain: true }, () => {
        clearTimeout(latest);
        resolve();
      });
    });
  }

  async #cleanUp(): Promise<void> {
    const { connection, options } = this.#reached;
    const hadWill = options.options['will'] !== undefined;
    if (connection.hasEnded && hadWill && this.#root !== undefined) this.#written.add(willTopic(this.#root));
    const topics = [...this.#written];
    const last = topics.pop();
    if (last === undefined) return;
    if (this.#connection.hasEnded) await this.#connectAgain();
    for (const topic of topics) this.#publish(topic, '', { qos: 0, retain: true });
    await this.#acknowledged(last, '', CLEANUP_LIMIT);
    if (this.#connection.hasEnded) {
      this.#note(`the connection was lost; messages under ${this.#root}/… may be left at the broker`);
    }
  }

  /** To remove what was written before the connection was lost. */
  async #connectAgain(): Promise<void> {
    const { options } = this.#reached;
    const connection = await Connection.open(options, AbortSignal.timeout(CLEANUP_LIMIT)).catch(
      () => undefined,
    );
    if (connection !== undefined) this.#reached = { connection, options };
  }

  #patience(): { limit: number; signal: AbortSignal } {
    return { limit: ANSWER_LIMIT, signal: this.#signal };
  }

  #found(part: Partial<Finding>): void {
    this.#finding = { ...this.#finding, ...part };
  }

  #note(note: string): void {
    const before = this.#finding.note;
    this.#found({ note: before === null ? note : `${before}; ${note}` });
  }
}
