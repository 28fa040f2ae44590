/**
 * Reads what a broker retains, for who looks at it and goes: everything by a replay, which may be cut short,
 * and then what was missed, topic by topic. Leaves nothing behind but, where it is killed, a sentinel.
 */

import type { IPublishPacket } from 'mqtt';
import { nanoid } from 'nanoid';
import { type BrokerSnapshot, type RetainedState, retainedStateOf } from '../../comparison/retained-state.ts';
import type { Found } from '../../core/events.ts';
import { isReplicable } from '../../core/filter.ts';
import { CONTROL_PREFIX, ControlTopics } from '../../protocol/control-topics.ts';
import { type MessageProperties, packProperties } from '../../protocol/properties.ts';
import type { BrokerSettings } from '../../protocol/settings.ts';
import type { Connection } from '../connection/connection.ts';
import { Prober } from '../retained/prober.ts';
import { Sentinel } from '../retained/sentinel.ts';
import { type ConnectedOnce, connectOnce, type DiagnosticsSettings } from './connect-once.ts';
import { Inbox } from './inbox.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Longest wait for a broker to be reached, in milliseconds. */
const CONNECT_TIMEOUT_MS = 20_000;

/** Longest wait for a replay, in milliseconds. */
const REPLAY_LIMIT = 120_000;

/** Without a message for so many milliseconds, a replay counts as over where no sentinel may be written. */
const QUIET = 2_000;

/** Without a message for so many milliseconds after the sentinel, a replay is over. */
const SETTLED = 500;

/** Longest wait for the next message of a replay, in milliseconds, where a sentinel is to end it. */
const STALLED = 10_000;

export class RetainedReader {
  readonly name: string;
  readonly #connection: Connection;
  readonly #sentinel: Sentinel | undefined;
  readonly #prober: Prober | undefined;
  readonly #controlPrefix: string;
  readonly #signal: AbortSignal;
  readonly #mostTopics: number;
  readonly #asked = new Map<string, (look: BrokerSnapshot) => void>();

  /** @throws ConnectError when the broker cannot be reached, or refuses */
  static async open(settings: DiagnosticsSettings, id: string, signal: AbortSignal): Promise<RetainedReader> {
    const giveUp = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]);
    return new RetainedReader(settings, await connectOnce(settings, giveUp), id, signal);
  }

  private constructor(
    { name, controlPrefix, bounds }: BrokerSettings,
    { connection, options }: ConnectedOnce,
    id: string,
    signal: AbortSignal,
  ) {
    this.name = name;
    this.#connection = connection;
    this.#signal = signal;
    this.#mostTopics = bounds.topics;
    this.#controlPrefix = controlPrefix ?? CONTROL_PREFIX;
    if (controlPrefix === undefined || !connection.limits.retains) return;
    const control = new ControlTopics(controlPrefix, id, name);
    this.#sentinel = new Sentinel(control.of('replay'), nanoid());
    this.#prober = new Prober({
      options: { ...options, clientId: `${options.clientId}_probe` },
      sentinel: new Sentinel(control.of('probe'), nanoid()),
      stamps: undefined,
      // It was not found out, and there is time.
      order: () => 'any',
      outOfOrder: () => undefined,
      answer: answers => {
        for (const { topic, held } of answers) this.#answered(topic, held);
      },
    });
  }

  /** Whether the broker keeps retained messages at all. */
  get retains(): boolean {
    return this.#connection.limits.retains;
  }

  /**
   * The retained messages that a subscription to the filters shows. Some may be missing.
   * @throws when the connection ends meanwhile, or the signal says to give up, or there are more than mqttrep takes in
   */
  readAll(filters: readonly string[]): Promise<Map<string, RetainedState>> {
    return unlessAborted(this.#readAll(filters), this.#signal);
  }

  async #readAll(filters: readonly string[]): Promise<Map<string, RetainedState>> {
    const sights = new Map<string, RetainedState>();
    const sentinel = this.#sentinel;
    const inbox = new Inbox(this.#connection);
    inbox.take = packet => {
      if (sentinel?.observe(packet)) return;
      if (this.#counts(packet)) sights.set(packet.topic, retainedStateOfPacket(packet));
    };
    await sentinel?.place(this.#connection);
    const wanted = sentinel?.around(filters).wanted ?? filters;
    await this.#connection.subscribe(wanted, { qos: 0, replay: true, retainAsPublished: false });
    const quiet = sentinel === undefined ? QUIET : STALLED;
    const isTooMuch = () => sights.size > this.#mostTopics;
    const { limit, signal } = { limit: REPLAY_LIMIT, signal: this.#signal };
    await inbox.until(() => sentinel?.isSeen === true || isTooMuch(), { limit, quiet, signal });
    // Some brokers show the sentinel before all else.
    if (sentinel?.isSeen === true) await inbox.until(isTooMuch, { limit, quiet: SETTLED, signal });
    await this.#connection.unsubscribe(wanted);
    if (this.#connection.hasEnded) throw new Error('the connection was lost while it was read');
    if (sights.size > this.#mostTopics) {
      throw new Error(`it retains more than ${this.#mostTopics} topics (MQTTREP_MAX_TOPICS)`);
    }
    return sights;
  }

  /** What the broker retains under each of these topics, asked for by their names. */
  async ask(topics: readonly string[]): Promise<Map<string, BrokerSnapshot>> {
    const looks = new Map<string, BrokerSnapshot>(topics.map(topic => [topic, 'unknown']));
    if (this.#prober === undefined || this.#signal.aborted || topics.length === 0) return looks;
    let waiting = looks.size;
    const answered = new Promise<void>(resolve => {
      this.#signal.addEventListener('abort', () => resolve());
      for (const topic of looks.keys()) {
        this.#asked.set(topic, look => {
          looks.set(topic, look);
          if (--waiting === 0) resolve();
        });
      }
    });
    this.#prober.probe([...looks.keys()], 'background');
    await answered;
    this.#asked.clear();
    return looks;
  }

  async close(): Promise<void> {
    await this.#prober?.close();
    await this.#sentinel?.remove(this.#connection);
    await this.#connection.end();
  }

  #answered(topic: string, found: Found | 'absent' | 'unknown'): void {
    const look =
      typeof found === 'object'
        ? retainedStateOf(Buffer.from(found.payload, 'latin1'), found.properties)
        : found;
    this.#asked.get(topic)?.(look);
  }

  #counts({ topic, payload, retain }: IPublishPacket): boolean {
    return retain && payload.length > 0 && isReplicable(topic, this.#controlPrefix);
  }
}

function retainedStateOfPacket({ payload, properties }: IPublishPacket): RetainedState {
  const packed = properties === undefined ? undefined : packProperties(properties as MessageProperties);
  return retainedStateOf(payload as Buffer, packed);
}
