/**
 * The beginning of a session: what does the broker retain? First the marker that this replica left there, then everything
 * under the subscriptions.
 *
 * The replay is requested with QoS 0, because brokers cut it much shorter at a higher QoS. The wanted QoS comes with a second
 * SUBSCRIBE. If that would add a subscription, it comes with the first one.
 */

import type { QoS } from '../../core/policy.ts';
import type { Subscription } from '../../core/subscriptions.ts';
import type { SessionStarted } from '../../protocol/messages.ts';
import {
  type BrokerCapabilities,
  isFlagless,
  orderOf,
  UNTESTED,
} from '../capabilities/broker-capabilities.ts';
import type { QosUpgrade } from '../capabilities/qos-upgrade-test.ts';
import type { Connection } from '../connection/connection.ts';
import { type Grant, isRefusal } from '../connection/filter-requests.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import { type EndOfReplayDeps, endOfReplay, QUIET_MS, SETTLE_TIMEOUT_MS, settle } from './end-of-replay.ts';
import { byQos, withQos0 } from './qos-groups.ts';
import { ReplayActivity } from './replay-activity.ts';
import { type Read, type ReadEnd, readRetained } from './retained-read.ts';
import type { Sentinel } from './sentinel.ts';

/** In characters. mqttrep writes no longer marker. */
const MAX_MARKER_LENGTH = 100;

/** Quiet of this length ends the read of the marker, where the order of a replay tells nothing. */
const MARKER_SETTLE_MS = 500;

const REPLAY_AND_LIVE = { replay: true, retainAsPublished: true } as const;

/** Live messages have no retain flag then, and do not look replayed. */
const REPLAY_ONLY = { replay: true, retainAsPublished: false } as const;

export class Replay {
  readonly #connection: Connection;
  readonly #sentinel: Sentinel | undefined;
  readonly #markerTopic: string | undefined;
  readonly #activity = new ReplayActivity();
  #capabilities: BrokerCapabilities;
  #found: Partial<BrokerCapabilities> = {};
  #marker: string | undefined;
  /** When a replay was last requested, in milliseconds of `performance.now()`. */
  #requestedAt = 0;
  #end: ReadEnd = 'not known';
  /** Receives the messages that are not for the replay itself. */
  #watch: (packet: ReceivedMessage) => void = () => undefined;

  /**
   * @param sentinel placed at the broker; undefined where mqttrep may write none
   * @param capabilities as far as they are known
   */
  constructor(
    connection: Connection,
    sentinel: Sentinel | undefined,
    markerTopic: string | undefined,
    capabilities: BrokerCapabilities = UNTESTED,
  ) {
    this.#connection = connection;
    this.#sentinel = sentinel;
    this.#markerTopic = markerTopic;
    this.#capabilities = capabilities;
  }

  /** What the replays told of the broker: whether it sets the retain flag, and whether it was out of order. */
  get found(): Partial<BrokerCapabilities> {
    return this.#found;
  }

  /** How the last replay ended. */
  get end(): ReadEnd {
    return this.#end;
  }

  /** What the broker retains of the marker. */
  async readMarker(): Promise<SessionStarted['marker']> {
    if (this.#sentinel === undefined || this.#markerTopic === undefined) return 'unknown';
    const { grants, end } = await this.#read(
      [this.#markerTopic],
      { qos: 0, ...REPLAY_AND_LIVE },
      MARKER_SETTLE_MS,
    );
    await this.#connection.unsubscribe([this.#markerTopic]);
    if (this.#marker !== undefined) return { payload: this.#marker };
    return end === 'complete' && !grants.some(isRefusal) ? 'absent' : 'unknown';
  }

  /**
   * Subscribes. Resolves at the end of the replay with the broker's answers.
   * @param isReplayed whether a message is known to be replayed, and not live
   */
  async run(
    subscriptions: readonly Subscription[],
    qosUpgrade: QosUpgrade = 'with the second',
    isReplayed: (packet: ReceivedMessage) => boolean = () => false,
  ): Promise<Grant[]> {
    const grants: Grant[] = [];
    const groups = qosUpgrade === 'with the first' ? byQos(subscriptions) : withQos0(subscriptions);
    for (const [qos, filters] of groups) {
      grants.push(...(await this.#readInParts(filters, { qos, ...REPLAY_AND_LIVE })));
    }
    if (this.#sentinel === undefined) return grants;
    let isLate = false;
    this.#watch = packet => {
      isLate ||= isReplayed(packet);
    };
    await this.#connection.unsubscribe(this.#sentinel.topics);
    this.#watch = () => undefined;
    if (isLate && orderOf(this.#capabilities) !== 'any') await this.#outOfOrder();
    void this.#sentinel.remove(this.#connection);
    return grants;
  }

  /**
   * Reads what is retained under these filters with QoS 0, and ends their subscriptions.
   * @throws when the connection ends meanwhile
   */
  async read(filters: readonly string[]): Promise<ReadEnd> {
    await this.#readInParts(filters, { qos: 0, ...REPLAY_ONLY });
    await this.#connection.unsubscribe([...filters, ...(this.#sentinel?.topics ?? [])]);
    return this.#end;
  }

  /** Nothing more is read. */
  async close(): Promise<void> {
    await this.#sentinel?.remove(this.#connection);
  }

  /**
   * Subscribes again with the wanted QoS. Brokers over MQTT 3.1.1 then replay once more. mqttrep ignores that replay. Returns the
   * answers.
   */
  async upgradeQos(subscriptions: readonly Subscription[]): Promise<Grant[]> {
    const grants: Grant[] = [];
    for (const [qos, filters] of byQos(subscriptions)) {
      if (qos === 0) continue;
      const options = { qos, replay: false, retainAsPublished: true };
      grants.push(...(await this.#connection.subscribe(filters, options)));
    }
    return grants;
  }

  /** Any message of the connection arrived. Returns whether it looks replayed. */
  touch({ retain }: ReceivedMessage): boolean {
    const looksReplayed = retain || this.#isUnflaggedReplay;
    if (looksReplayed) this.#activity.touch();
    return looksReplayed;
  }

  /** Returns whether the message belongs to the replay: a marker, or the sentinel. */
  observe(packet: ReceivedMessage): boolean {
    const looksReplayed = this.touch(packet);
    if (packet.topic === this.#markerTopic) {
      if (packet.payload.length > 0) this.#marker = packet.payload.toString().slice(0, MAX_MARKER_LENGTH);
      return true;
    }
    if (this.#sentinel?.observe(packet) === true) return true;
    if (looksReplayed) this.#activity.note();
    this.#watch(packet);
    return false;
  }

  /** Each part has the sentinel around it. If the broker accepts fewer filters than was known, the part is read again. */
  async #readInParts(filters: readonly string[], options: ReadOptions): Promise<Grant[]> {
    const around = this.#sentinel?.topics;
    const grants: Grant[] = [];
    const ends: ReadEnd[] = [];
    for (let left = filters; left.length > 0; left = filters.slice(grants.length)) {
      const [part = left] = this.#connection.batches(left, around);
      const read = await this.#read(part, options, QUIET_MS);
      const isAccepted = this.#connection.batches(part, around).length === 1;
      if (!isAccepted) continue;
      grants.push(...read.grants);
      ends.push(read.end);
    }
    this.#end = ends.find(end => end === 'cut') ?? ends.find(end => end !== 'complete') ?? 'complete';
    return grants;
  }

  async #read(filters: readonly string[], options: ReadOptions, settleMs: number): Promise<Read> {
    const connection = this.#connection;
    const sentinel = this.#sentinel;
    const wasFlagless = isFlagless(this.#capabilities);
    this.#requestedAt = performance.now();
    const read = await readRetained(
      connection,
      sentinel,
      filters,
      options,
      endOfReplay(this.#ending(settleMs)),
    );
    if (sentinel?.cameFlagged === true) this.#learn({ replayFlag: 'set' });
    else if (sentinel?.cameUnflagged === true) this.#learn({ replayFlag: 'never set' });
    const isHidden = wasFlagless && read.end === 'not known' && sentinel?.cameWholeUnflagged === false;
    if (isHidden && !connection.hasEnded) this.#learn({ hidesEnd: true });
    if (connection.hasEnded) throw new Error('the connection was closed during the replay');
    return read;
  }

  #ending(settleMs: number): EndOfReplayDeps {
    const sentinel = this.#sentinel;
    return {
      activity: this.#activity,
      capabilities: this.#capabilities,
      requestSentinel: sentinel === undefined ? undefined : () => this.#request(sentinel),
      settleMs,
    };
  }

  /** Requests the sentinel alone. Resolves when it is shown, which may be never. */
  async #request(sentinel: Sentinel): Promise<void> {
    const shown = sentinel.again();
    // The read waits for the end of the connection.
    await this.#connection.subscribe(sentinel.topics, { qos: 0, ...REPLAY_AND_LIVE }).catch(() => undefined);
    await shown;
  }

  /** The broker passed the test of the order by chance. */
  async #outOfOrder(): Promise<void> {
    this.#learn({ replayOrder: 'any' });
    await settle(this.#ending(QUIET_MS));
    this.#activity.stop();
  }

  #learn(found: Partial<BrokerCapabilities>): void {
    this.#found = { ...this.#found, ...found };
    this.#capabilities = { ...this.#capabilities, ...found };
  }

  /** At a broker that never sets the flag, for a while every message may be replayed: nothing tells it from a live one. */
  get #isUnflaggedReplay(): boolean {
    const { cameUnflagged = false } = this.#sentinel ?? {};
    return cameUnflagged && performance.now() - this.#requestedAt < SETTLE_TIMEOUT_MS;
  }
}

type ReadOptions = { readonly qos: QoS } & (typeof REPLAY_AND_LIVE | typeof REPLAY_ONLY);
