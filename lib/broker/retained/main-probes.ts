/**
 * Probes on the connection that replicates, at a broker that takes no second one.
 *
 * A subscription to an exact topic stands beside the user's filters there, so that live messages come twice meanwhile, and
 * what the broker shows comes among them. What bears the retain flag under a topic that is asked for is the answer. The
 * user's own filter may be that exact topic: then it keeps its QoS, and is not unsubscribed from.
 */

import type { IPublishPacket } from 'mqtt';
import type { QoS } from '../../core/policy.ts';
import type { Subscription } from '../../core/subscriptions.ts';
import type { Connection } from '../connection/connection.ts';

/** The second copy of a live message comes within so many milliseconds. */
const COPY_MS = 250;

export interface MainProbesDeps {
  readonly connection: Connection;
  /** The broker takes no second connection. */
  readonly areUsed: () => boolean;
  /** Resolves when the broker has shown what it retains, and nothing else of the session is under way. */
  readonly ready: Promise<void>;
  /** With the QoS that they really have. */
  readonly subscriptions: () => readonly Subscription[];
  /** Live messages never bear the retain flag. */
  readonly isLiveUnflagged: () => boolean;
}

interface Copy {
  readonly packet: IPublishPacket;
  readonly at: number;
}

export class MainProbes {
  readonly connection: Connection;
  readonly ready: Promise<void>;
  readonly #deps: MainProbesDeps;
  /** Topics that are asked for, with the last live message of each. */
  readonly #asked = new Map<string, Copy | undefined>();
  /** Of these, those that were answered. */
  readonly #answered = new Set<string>();
  /** The user's filters, and their QoS. */
  #own: ReadonlyMap<string, QoS> = new Map();

  constructor(deps: MainProbesDeps) {
    this.#deps = deps;
    this.connection = deps.connection;
    this.ready = deps.ready;
  }

  /** It may turn out at any time that the broker takes no second connection. */
  areUsed(): boolean {
    return this.#deps.areUsed();
  }

  /** Live messages bear the flag, so that a sentinel which is just written looks like one that is shown. */
  get areLiveFlagged(): boolean {
    return !this.#deps.isLiveUnflagged();
  }

  /** The first of the topics that can be asked for in one SUBSCRIBE, which has one QoS. */
  together(topics: readonly string[]): readonly string[] {
    const own = new Map(this.#deps.subscriptions().map(({ filter, qos }) => [filter, qos]));
    this.#own = own;
    const [first = ''] = topics;
    const end = topics.findIndex(topic => own.get(topic) !== own.get(first));
    return end < 0 ? topics : topics.slice(0, end);
  }

  /** These topics, which go together, are asked for. Returns with which QoS. */
  begin(topics: readonly string[]): QoS {
    for (const topic of topics) this.#asked.set(topic, undefined);
    return this.#own.get(topics[0] ?? '') ?? 0;
  }

  /** Ends the subscriptions that are not the user's own. */
  async end(wanted: readonly string[]): Promise<void> {
    const others = wanted.filter(filter => !this.#own.has(filter));
    if (!this.connection.hasEnded && others.length > 0) await this.connection.unsubscribe(others);
    this.#asked.clear();
    this.#answered.clear();
  }

  /** What a message is: the answer for its topic, a second copy of what came before, or of no concern to the probes. */
  judge(packet: IPublishPacket): 'answer' | 'copy' | 'live' {
    const { topic, retain, payload } = packet;
    if (!this.#asked.has(topic)) return 'live';
    const isFirst = !this.#answered.has(topic);
    if (retain && payload.length > 0 && (isFirst || this.#deps.isLiveUnflagged())) {
      this.#answered.add(topic);
      return 'answer';
    }
    if (this.#own.has(topic)) return 'live';
    const last = this.#asked.get(topic);
    const at = performance.now();
    const isCopy = last !== undefined && at - last.at < COPY_MS && isEqual(last.packet, packet);
    // A third one is a message of its own.
    this.#asked.set(topic, isCopy ? undefined : { packet, at });
    return isCopy ? 'copy' : 'live';
  }
}

function isEqual(a: IPublishPacket, b: IPublishPacket): boolean {
  return a.retain === b.retain && Buffer.from(a.payload).equals(Buffer.from(b.payload));
}
