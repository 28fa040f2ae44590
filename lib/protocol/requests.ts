/**
 * What the main thread asks the actors when somebody wants to know, and what they answer: plain data. Nothing
 * of it is sent unasked, so nobody who does not look pays for it.
 */

import type {
  Conflict,
  DecidedDeletions,
  TopicCounts,
  TopicDetails,
  TopicLevel,
  TopicList,
  TrashList,
  Undone,
} from '../status/api.ts';
import type { HistogramCounts } from './histogram.ts';

export interface BrokerResponses {
  readonly measures: BrokerMeasures;
}

export interface BrokerRequest {
  readonly kind: 'measures';
}

export interface BrokerMeasures {
  /** Since the start of the actor. */
  readonly counts: {
    readonly received: number;
    readonly published: number;
    readonly dropped: Readonly<Record<string, number>>;
    readonly heldBack: HeldBack;
    readonly roundTrips: HistogramCounts;
  };
  /** Milliseconds, median of the last ones; null where there were none. */
  readonly roundTrip: number | null;
}

/** How often a bound was met, by its name. Nothing is lost by that: what is beyond it waits, newest value only. */
export type HeldBack = Readonly<Record<string, number>>;

export type ReconcilerRequest =
  /** `conflictsAfter`: the number of the last conflict that is known. */
  | { readonly kind: 'measures'; readonly conflictsAfter: number }
  | ({ readonly kind: 'topics' } & TopicQuery)
  | { readonly kind: 'level'; readonly under: string; readonly after: string | null; readonly limit: number }
  | { readonly kind: 'topic'; readonly topic: string }
  /** A topic or a topic filter; for the trash also empty, for all. */
  | { readonly kind: 'trash'; readonly filter: string }
  /** No question, but an order: what is in the trash is written again. */
  | { readonly kind: 'undo'; readonly filter: string }
  | DeletionsDecided;

/** No question, but an order: a person has decided about the deletions that are held at a broker. */
export interface DeletionsDecided {
  readonly kind: 'deletions';
  readonly broker: string;
  readonly decision: 'confirm' | 'refuse';
}

export interface TopicQuery {
  /** A topic filter if it has wildcards, else a part of the topic; empty for all. */
  readonly filter: string;
  /** All of them, or only those that are diverging or blocked. */
  readonly which: 'all' | 'diverging';
  readonly after: string | null;
  readonly limit: number;
}

export interface ReconcilerResponses {
  readonly measures: ReconcilerMeasures;
  readonly topics: TopicList;
  readonly level: TopicLevel;
  readonly topic: TopicDetails | null;
  readonly trash: TrashList;
  readonly undo: Undone;
  /** Null where there is no such broker. */
  readonly deletions: DecidedDeletions | null;
}

export interface ReconcilerMeasures {
  readonly replica: string;
  /** Since the start of the actor. */
  readonly counts: {
    readonly expired: number;
    readonly storeFailures: number;
    /** Remembered deletions that were forgotten before their time, to make room. */
    readonly tombstonesEvicted: number;
    /** What no broker is to be blamed for, by reason. */
    readonly refused: Readonly<Record<string, number>>;
    /** Messages for which there was no room: by broker name, and by the bound. */
    readonly refusedByBroker: Readonly<Record<string, Readonly<Record<string, number>>>>;
    /** By broker name. */
    readonly heldBack: Readonly<Record<string, HeldBack>>;
    /** By broker name. */
    readonly racedWrites: Readonly<Record<string, number>>;
    /** Messages that came back each time that they were passed on, and were held or dropped. */
    readonly damped: number;
    /** By broker name. */
    readonly vanished: Readonly<Record<string, number>>;
    /** Values that a broker held a moment ago, for which there was no room: by broker name. */
    readonly historyDropped: Readonly<Record<string, number>>;
    readonly conflicts: Readonly<Record<string, number>>;
    readonly convergence: HistogramCounts;
    readonly commits: HistogramCounts;
    readonly ticks: HistogramCounts;
  };
  readonly topics: TopicCounts;
  /** Bytes that topics take, as they are counted against the bound. */
  readonly memory: { readonly bytes: number; readonly bound: number };
  readonly links: readonly LinkMeasures[];
  /** Newest first, as many as are remembered. */
  readonly conflicts: readonly Conflict[];
  /** The number of the newest conflict. */
  readonly lastConflict: number;
}

export interface LinkMeasures {
  readonly name: string;
  readonly pending: number;
  readonly waiting: number;
  readonly behind: number;
  readonly blocked: number;
  readonly deletionsHeld: number;
  readonly unreadable: number;
  /** Its replay was cut, and the rest has not been read. */
  readonly isReplayIncomplete: boolean;
}

/** A question on its way, and its answer: told apart by `id`, since several can be under way. */
export interface Request<Question> {
  readonly kind: 'request';
  readonly id: number;
  readonly request: Question;
}

export interface Response {
  readonly kind: 'response';
  readonly id: number;
  readonly response: BrokerResponses[keyof BrokerResponses] | ReconcilerResponses[keyof ReconcilerResponses];
}
