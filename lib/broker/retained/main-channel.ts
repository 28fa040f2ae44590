/**
 * Probes on the main connection, at a broker that allows no second one.
 *
 * The subscription to an exact topic stands beside the user's filters there. So live messages arrive twice meanwhile, with
 * the replayed ones among them. A message with the retain flag under a probed topic is the answer. If the exact topic is a
 * filter of the user, it keeps its QoS and stays subscribed.
 */

import type { QoS } from '../../core/policy.ts';
import type { Subscription } from '../../core/subscriptions.ts';
import type { Connection } from '../connection/connection.ts';
import { copyOf, type ReceivedMessage } from '../lane/received-message.ts';
import { withTimeout } from '../timing/with-timeout.ts';
import type { ProbeChannel, ProbeMessages } from './probe-channel.ts';
import { type EndOfRead, type Read, readRetained } from './retained-read.ts';
import type { Sentinel } from './sentinel.ts';

/** The second copy of a live message arrives within this time. */
const COPY_MS = 250;

/** Longest wait for the live delivery of a sentinel that was just written. */
const SENTINEL_ECHO_TIMEOUT_MS = 1_000;

export interface MainChannelDeps {
  readonly connection: Connection;
  /** Resolves when the broker has shown what it retains, and the session does nothing else. */
  readonly ready: Promise<void>;
  /** With the QoS that they really have. */
  readonly subscriptions: () => readonly Subscription[];
  /** Live messages never have the retain flag. */
  readonly isLiveUnflagged: () => boolean;
}

interface Copy {
  readonly packet: ReceivedMessage;
  readonly at: number;
}

export class MainChannel implements ProbeChannel {
  readonly #deps: MainChannelDeps;
  /** Topics that are probed, with the last live message of each. */
  readonly #probed = new Map<string, Copy | undefined>();
  /** The probed topics that were answered. */
  readonly #answered = new Set<string>();
  /** The user's filters, and their QoS. */
  #filters: ReadonlyMap<string, QoS> = new Map();
  /** The broker retains the sentinel. */
  #isPlaced = false;

  constructor(deps: MainChannelDeps) {
    this.#deps = deps;
  }

  async connect(sentinel: Sentinel | undefined): Promise<Connection> {
    const { connection, ready } = this.#deps;
    await ready;
    if (connection.hasEnded) throw new Error('the connection has ended');
    if (sentinel !== undefined && !this.#isPlaced) await this.place(connection, sentinel);
    return connection;
  }

  /** One SUBSCRIBE has one QoS. */
  together(topics: readonly string[]): readonly string[] {
    const filters = new Map(this.#deps.subscriptions().map(({ filter, qos }) => [filter, qos]));
    this.#filters = filters;
    const [first = ''] = topics;
    const end = topics.findIndex(topic => filters.get(topic) !== filters.get(first));
    return end < 0 ? topics : topics.slice(0, end);
  }

  async read(
    connection: Connection,
    topics: readonly string[],
    sentinel: Sentinel | undefined,
    endOfRead: EndOfRead,
  ): Promise<Read> {
    // Beside a filter of the user it must not change the retain flag of live messages.
    const options = { qos: this.begin(topics), replay: true, retainAsPublished: true };
    try {
      return await readRetained(connection, sentinel, topics, options, endOfRead);
    } finally {
      await this.end([...(sentinel?.topics ?? []), ...topics]);
    }
  }

  /** A filter of the user may deliver the sentinel live, with the flag. That delivery must not end a probe. */
  async place(connection: Connection, sentinel: Sentinel): Promise<void> {
    if (this.#deps.isLiveUnflagged()) {
      await sentinel.place(connection);
    } else {
      const echoed = sentinel.again();
      await sentinel.place(connection);
      await withTimeout(echoed, SENTINEL_ECHO_TIMEOUT_MS, undefined);
    }
    this.#isPlaced = true;
  }

  observeMain(packet: ReceivedMessage, { isOwn, take }: ProbeMessages): boolean {
    if (isOwn(packet)) return true;
    const kind = this.judge(packet);
    if (kind === 'answer') take(packet);
    return kind !== 'live';
  }

  /** Subscriptions of the probes must end before others subscribe on this connection. */
  async close(sentinel: Sentinel | undefined, work: Promise<void>): Promise<void> {
    const { connection } = this.#deps;
    if (!connection.hasEnded) await work;
    if (this.#isPlaced && !connection.hasEnded) await sentinel?.remove(connection);
    this.#isPlaced = false;
  }

  /** A probe of these topics begins. Returns the QoS of its SUBSCRIBE. */
  begin(topics: readonly string[]): QoS {
    for (const topic of topics) this.#probed.set(topic, undefined);
    return this.#filters.get(topics[0] ?? '') ?? 0;
  }

  /** The probe is over: ends its subscriptions, but for the user's filters. */
  async end(wanted: readonly string[]): Promise<void> {
    const { connection } = this.#deps;
    const others = wanted.filter(filter => !this.#filters.has(filter));
    if (!connection.hasEnded && others.length > 0) await connection.unsubscribe(others);
    this.#probed.clear();
    this.#answered.clear();
  }

  /** Whether a message answers the probe of its topic, is a second copy, or a live message. */
  judge(packet: ReceivedMessage): 'answer' | 'copy' | 'live' {
    const { topic, retain, payload } = packet;
    if (!this.#probed.has(topic)) return 'live';
    const isFirst = !this.#answered.has(topic);
    if (retain && payload.length > 0 && (isFirst || this.#deps.isLiveUnflagged())) {
      this.#answered.add(topic);
      return 'answer';
    }
    if (this.#filters.has(topic)) return 'live';
    const last = this.#probed.get(topic);
    const at = performance.now();
    const isCopy = last !== undefined && at - last.at < COPY_MS && isEqual(last.packet, packet);
    // A third message is a new one.
    this.#probed.set(topic, isCopy ? undefined : { packet: copyOf(packet), at });
    return isCopy ? 'copy' : 'live';
  }
}

function isEqual(a: ReceivedMessage, b: ReceivedMessage): boolean {
  return a.retain === b.retain && Buffer.from(a.payload).equals(Buffer.from(b.payload));
}
