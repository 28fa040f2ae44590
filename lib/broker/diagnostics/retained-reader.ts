/**
 * Reads what a broker retains, for `diff`: first everything by a replay, which the broker may cut short, then the missing
 * topics by their names. It leaves nothing behind; if it is killed, a sentinel.
 */

import { nanoid } from 'nanoid';
import { type BrokerSnapshot, type RetainedState, retainedStateOf } from '../../comparison/retained-state.ts';
import { isReplicable } from '../../core/filter.ts';
import { CONTROL_PREFIX, ControlTopics } from '../../protocol/control-topics.ts';
import type { RawFound } from '../../protocol/messages.ts';
import { payloadFromRaw, toBuffer } from '../../protocol/payload.ts';
import { type MessageProperties, packProperties } from '../../protocol/properties.ts';
import type { BrokerSettings } from '../../protocol/settings.ts';
import type { Connection } from '../connection/connection.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import { Prober } from '../retained/prober.ts';
import { readRetained } from '../retained/retained-read.ts';
import { Sentinel } from '../retained/sentinel.ts';
import { type ConnectedOnce, connectOnce, type DiagnosticsSettings } from './connect-once.ts';
import { EndOfInbox } from './end-of-inbox.ts';
import { Inbox } from './inbox.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Longest wait for a connection. */
const CONNECT_TIMEOUT_MS = 20_000;

const REPLAY_ONLY = { qos: 0, replay: true, retainAsPublished: false } as const;

export class RetainedReader {
  readonly name: string;
  readonly #connection: Connection;
  readonly #sentinel: Sentinel | undefined;
  readonly #prober: Prober | undefined;
  readonly #controlPrefix: string;
  readonly #signal: AbortSignal;
  readonly #maxTopics: number;
  #topicsRead = 0;
  readonly #awaited = new Map<string, (snapshot: BrokerSnapshot) => void>();

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
    this.#maxTopics = bounds.topics;
    this.#controlPrefix = controlPrefix ?? CONTROL_PREFIX;
    if (controlPrefix === undefined || !connection.limits.retains) return;
    const control = new ControlTopics(controlPrefix, id, name);
    this.#sentinel = new Sentinel(control.of('replay'), nanoid());
    this.#prober = new Prober({
      options: { ...options, clientId: `${options.clientId}_probe` },
      sentinel: new Sentinel(control.of('probe'), nanoid()),
      stamps: undefined,
      // It was not tested, and there is time.
      order: () => 'any',
      outOfOrder: () => undefined,
      answer: answers => {
        for (const { topic, held } of answers) this.#answered(topic, held);
      },
    });
  }

  /** Whether the broker supports retained messages. */
  get retains(): boolean {
    return this.#connection.limits.retains;
  }

  /** Topics that `readAll` has read so far. */
  get topicsRead(): number {
    return this.#topicsRead;
  }

  /**
   * The retained messages that a subscription to the filters shows. Some may be missing.
   * @throws when the connection ends, the signal is aborted, or there are more topics than mqttrep can hold
   */
  readAll(filters: readonly string[]): Promise<Map<string, RetainedState>> {
    return unlessAborted(this.#readAll(filters), this.#signal);
  }

  async #readAll(filters: readonly string[]): Promise<Map<string, RetainedState>> {
    const states = new Map<string, RetainedState>();
    const sentinel = this.#sentinel;
    const inbox = new Inbox(this.#connection);
    inbox.take = packet => {
      if (sentinel?.observe(packet)) return;
      if (this.#counts(packet)) states.set(packet.topic, stateOf(packet));
      this.#topicsRead = states.size;
    };
    await sentinel?.place(this.#connection);
    const isTooMuch = () => states.size > this.#maxTopics;
    const end = new EndOfInbox(inbox, sentinel, isTooMuch, this.#signal);
    await readRetained(this.#connection, sentinel, filters, REPLAY_ONLY, end);
    await this.#connection.unsubscribe([...filters, ...(sentinel?.topics ?? [])]);
    if (this.#connection.hasEnded) throw new Error('the connection was lost during the read');
    if (isTooMuch()) throw new Error(`it retains more than ${this.#maxTopics} topics (MQTTREP_MAX_TOPICS)`);
    return states;
  }

  /** What the broker retains under each of these topics. */
  async ask(topics: readonly string[]): Promise<Map<string, BrokerSnapshot>> {
    const snapshots = new Map<string, BrokerSnapshot>(topics.map(topic => [topic, 'unknown']));
    if (this.#prober === undefined || this.#signal.aborted || topics.length === 0) return snapshots;
    let waiting = snapshots.size;
    const answered = new Promise<void>(resolve => {
      this.#signal.addEventListener('abort', () => resolve());
      for (const topic of snapshots.keys()) {
        this.#awaited.set(topic, snapshot => {
          snapshots.set(topic, snapshot);
          if (--waiting === 0) resolve();
        });
      }
    });
    this.#prober.probe([...snapshots.keys()], 'background');
    await answered;
    this.#awaited.clear();
    return snapshots;
  }

  async close(): Promise<void> {
    await this.#prober?.close();
    await this.#sentinel?.remove(this.#connection);
    await this.#connection.end();
  }

  #answered(topic: string, found: RawFound | 'absent' | 'unknown'): void {
    const snapshot =
      typeof found === 'object'
        ? retainedStateOf(toBuffer(payloadFromRaw(found.payload)), found.properties)
        : found;
    this.#awaited.get(topic)?.(snapshot);
  }

  #counts({ topic, payload, retain }: ReceivedMessage): boolean {
    return retain && payload.length > 0 && isReplicable(topic, this.#controlPrefix);
  }
}

function stateOf({ payload, properties }: ReceivedMessage): RetainedState {
  const packed = properties === undefined ? undefined : packProperties(properties as MessageProperties);
  return retainedStateOf(payload, packed);
}
