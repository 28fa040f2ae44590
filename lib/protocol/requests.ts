/**
 * Requests of the main thread to the actors, and their responses: plain data. Actors send nothing of it without a request,
 * so it costs nothing as long as nobody asks.
 */

import type {
  ActionResult,
  BrokerLimits,
  BrokerTopics,
  Conflict,
  DecidedDeletions,
  Refusal,
  TopicCounts,
  TopicDetails,
  TopicLevel,
  TopicList,
  TrashList,
  Undone,
} from './answers.ts';
import type { HistogramCounts } from './histogram.ts';

export interface BrokerResponses {
  readonly measures: BrokerMeasures;
  readonly limits: BrokerLimits;
}

export type BrokerRequest = { readonly kind: 'measures' } | { readonly kind: 'limits' };

export interface BrokerMeasures {
  /** Since the start of the actor. */
  readonly counts: {
    readonly received: number;
    readonly published: number;
    readonly dropped: Readonly<Record<string, number>>;
    readonly heldBack: HeldBack;
    readonly roundTrips: HistogramCounts;
    /** Connections that stood and carried nothing. */
    readonly silences: number;
  };
  /** Median of the last round trips in milliseconds; null if there were none. */
  readonly roundTrip: number | null;
  readonly heartbeat: {
    /** Milliseconds from its publish until it came back; null before the first. */
    readonly latency: number | null;
    /** When it came back last, in milliseconds since 1970; null for never. */
    readonly cameBackAt: number | null;
    /** Milliseconds of the path from another broker to this one, by the name of that broker. */
    readonly paths: Readonly<Record<string, number>>;
  };
  /** Days until a certificate ends, by whose it is: `broker` or `mqttrep`; negative after its end. */
  readonly certificateDays?: Readonly<Record<string, number>>;
  /** Seconds until the token of the connection ends; negative after its end, absent without a token. */
  readonly tokenSeconds?: number;
}

/** How often a bound was reached, by its name. Nothing is lost: of what exceeds it the newest value waits. */
export type HeldBack = Readonly<Record<string, number>>;

export type ReconcilerRequest =
  /** `conflictsAfter`: the number of the last conflict that the main thread knows. */
  | { readonly kind: 'measures'; readonly conflictsAfter: number }
  | ({ readonly kind: 'topics' } & TopicQuery)
  | { readonly kind: 'level'; readonly under: string; readonly after: string | null; readonly limit: number }
  | { readonly kind: 'topic'; readonly topic: string }
  /** The topics that a broker refuses, and those that it lacks. */
  | { readonly kind: 'broker-topics'; readonly broker: string }
  /** `filter`: a topic or a topic filter; empty for all topics. */
  | { readonly kind: 'trash'; readonly filter: string }
  /** Writes the messages in the trash that match the filter again. */
  | { readonly kind: 'undo'; readonly filter: string }
  | DeletionsDecided
  | BrokerAction;

/** A person wants this done at a broker now. */
export interface BrokerAction {
  readonly kind: 'action';
  readonly broker: string;
  /**
   * - `compare`: the broker replays all that it retains, and what differs is probed
   * - `retry`: the topics that the broker refused are published again
   */
  readonly action: 'compare' | 'retry';
}

/** A person has decided about the deletions that are held at a broker. */
export interface DeletionsDecided {
  readonly kind: 'deletions';
  readonly broker: string;
  readonly decision: 'confirm' | 'refuse';
}

export interface TopicQuery {
  /** A topic filter if it has wildcards, else a part of the topic; empty for all topics. */
  readonly filter: string;
  /** `diverging`: only topics that are diverging or blocked. */
  readonly which: 'all' | 'diverging';
  readonly after: string | null;
  readonly limit: number;
}

export interface ReconcilerResponses {
  readonly measures: ReconcilerMeasures;
  readonly topics: TopicList;
  readonly level: TopicLevel;
  readonly topic: TopicDetails | null;
  /** Null if there is no such broker. */
  readonly 'broker-topics': BrokerTopics | null;
  readonly trash: TrashList;
  readonly undo: Undone;
  /** Null if there is no such broker. */
  readonly deletions: DecidedDeletions | null;
  /** Null if there is no such broker. */
  readonly action: ActionResult | null;
}

export interface ReconcilerMeasures {
  readonly replica: string;
  /** Since the start of the actor. */
  readonly counts: {
    readonly expired: number;
    readonly storeFailures: number;
    /** Tombstones that were forgotten before their time, to make room. */
    readonly tombstonesEvicted: number;
    /** Messages refused for a reason that concerns no broker, by reason. */
    readonly refused: Readonly<Record<string, number>>;
    /** Messages refused for lack of room, by broker name and by bound. */
    readonly refusedByBroker: Readonly<Record<string, Readonly<Record<string, number>>>>;
    /** By broker name. */
    readonly heldBack: Readonly<Record<string, HeldBack>>;
    /** By broker name. */
    readonly racedWrites: Readonly<Record<string, number>>;
    /** Messages that came back each time they were published, and were held or dropped. */
    readonly damped: number;
    /** By broker name. */
    readonly vanished: Readonly<Record<string, number>>;
    /** Earlier values of brokers that were not remembered for lack of room, by broker name. */
    readonly historyDropped: Readonly<Record<string, number>>;
    readonly conflicts: Readonly<Record<string, number>>;
    readonly convergence: HistogramCounts;
    /** Changes whose time to converge is not measured, for lack of room. */
    readonly untimed: number;
    readonly commits: HistogramCounts;
    readonly ticks: HistogramCounts;
  };
  readonly topics: TopicCounts;
  /** Bytes of all topics, as they are counted against the bound. */
  readonly memory: { readonly bytes: number; readonly bound: number };
  readonly links: readonly LinkMeasures[];
  /** Newest first; only the last ones are remembered. */
  readonly conflicts: readonly Conflict[];
  /** The number of the newest conflict. */
  readonly lastConflict: number;
}

export interface LinkMeasures {
  readonly name: string;
  /** Publishes in flight. */
  readonly pending: number;
  /** Topics whose publish waits for credit. */
  readonly waiting: number;
  /** Topics that are not in sync at this broker. */
  readonly behind: number;
  /** Since when the topic that is so longest is not in sync, in milliseconds since 1970; blocked topics do not count. */
  readonly behindSince: number | null;
  readonly blocked: number;
  /** The topic that the broker refuses longest. */
  readonly refusal: Refusal | null;
  readonly deletionsHeld: number;
  readonly unreadable: number;
  /** Its last replay was incomplete, and no full scan has read the rest. */
  readonly isReplayIncomplete: boolean;
}

/** Several requests may be pending: the response has the `id` of its request. */
export interface Request<Asked> {
  readonly kind: 'request';
  readonly id: number;
  readonly request: Asked;
}

export interface Response {
  readonly kind: 'response';
  readonly id: number;
  readonly response: BrokerResponses[keyof BrokerResponses] | ReconcilerResponses[keyof ReconcilerResponses];
}
