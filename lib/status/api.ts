/**
 * What the status server answers, as JSON: the shapes that the server, the page and `mqttrep status` share.
 *
 *     GET /api/v1/status                              Status
 *     GET /api/v1/topics?filter=&diverging=&after=&limit=   TopicList
 *     GET /api/v1/topics/{topic, percent-encoded}     TopicDetails
 *     GET /api/v1/tree?under=&after=&limit=           TopicLevel
 *     GET /api/v1/trash?filter=                       TrashList
 *     POST /api/v1/undo?filter=                       Undone
 *     POST /api/v1/brokers/{name, percent-encoded}/deletions/confirm   DecidedDeletions: those held go everywhere
 *     POST /api/v1/brokers/{name, percent-encoded}/deletions/refuse    DecidedDeletions: the broker gets the topics again
 *     GET /api/v1/events                              Server-Sent Events: `status` (Status) at once, and again
 *                                                     when brokers come or go; `delta` (Delta) each second in
 *                                                     which something else changed
 *
 * Times are milliseconds since 1970, durations milliseconds, unless a name says otherwise. Infinity is null.
 */

import type { LinkState } from '../protocol/messages.ts';

export interface Status {
  /** Of the package. */
  readonly version: string;
  readonly replica: string;
  readonly startedAt: number;
  /** Hz. */
  readonly mergeFrequency: number;
  /** Whether values are withheld here: the server listens beyond loopback. */
  readonly hidesPayloads: boolean;
  readonly brokers: readonly BrokerStatus[];
  readonly topics: TopicCounts;
  /** How long a change took from its arrival until every broker was seen to hold it. */
  readonly convergence: Histogram;
  /** Oldest first, at most ten minutes. */
  readonly rates: readonly RateSample[];
  /** Newest first, at most 50. */
  readonly conflicts: readonly Conflict[];
}

/** What changed since the last event; what is absent did not. Brokers are whole ones, told apart by name. */
export interface Delta {
  readonly brokers?: readonly BrokerStatus[];
  readonly topics?: TopicCounts;
  readonly convergence?: Histogram;
  /** New ones only. */
  readonly rates?: readonly RateSample[];
  /** New ones only, newest first. */
  readonly conflicts?: readonly Conflict[];
}

export interface BrokerStatus {
  readonly name: string;
  readonly state: LinkState;
  /** Why it is not connected, or '' . */
  readonly detail: string;
  /** When the state was entered. */
  readonly since: number;
  /** '5', '3.1.1' or '3.1'; null before the first connection. */
  readonly protocol: string | null;
  /** Messages since the start of mqttrep; those received include the echoes of those published. */
  readonly received: number;
  readonly published: number;
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** How often a bound was met, by its name: `pending`, `pending_of_topic`, `intake`. What is beyond it waits. */
  readonly heldBack: Readonly<Record<string, number>>;
  /** Publishes of which the echo has not been seen, and topics that wait to be sent. */
  readonly pending: number;
  readonly waiting: number;
  /** Topics of which it does not hold what it should, and those of them that it does not take. */
  readonly behind: number;
  readonly blocked: number;
  /** Topics that it lacks, deleted by nobody who was heard: too many to be deleted elsewhere before a person says so. */
  readonly deletionsHeld: number;
  /** Topics that it does not show, and that mqttrep may not be allowed to read there: they are left as they are. */
  readonly unreadable: number;
  /** The broker dropped a part of its replay, and mqttrep has not read the rest yet. */
  readonly replayIncomplete: boolean;
  /** From publish to acknowledgement, median of the last ones; null where there were none. */
  readonly roundTrip: number | null;
  readonly reconnects: number;
  readonly restarts: number;
}

/** What a person has decided about the deletions that were held at a broker. */
export interface DecidedDeletions {
  /** How many topics that concerns. */
  readonly topics: number;
}

/** Topics by what they are; each is counted once, and one under which nothing was ever retained not at all. */
export interface TopicCounts {
  /** Every broker holds what it should. */
  readonly converged: number;
  /** Some broker does not, yet. */
  readonly diverging: number;
  /** Some broker does not take it. */
  readonly blocked: number;
  /** Deleted everywhere, and remembered as such. */
  readonly deleted: number;
}

/** Counts by upper bound, cumulative, as Prometheus has them; the last bound is null for infinity. */
export interface Histogram {
  readonly buckets: readonly { readonly upTo: number | null; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}

/** What happened in the `seconds` before `at`. */
export interface RateSample {
  readonly at: number;
  readonly seconds: number;
  /** By broker name. */
  readonly received: Readonly<Record<string, number>>;
  readonly published: Readonly<Record<string, number>>;
}

/** A message that lost against another one: neither's writer had seen the other, or the merge chain decided so. */
export interface Conflict {
  readonly at: number;
  readonly topic: string;
  readonly winner: ConflictSide;
  readonly loser: ConflictSide;
  /** The comparator that decided, such as `arrival` or `json:time`; `priority` at first contact. */
  readonly decidedBy: string;
}

export interface ConflictSide {
  /** The broker where it was written; '' where that is not known. */
  readonly broker: string;
  readonly value: Value;
}

/** A payload as it can be shown: text where it is UTF-8, else base64. Cut at 1,024 bytes, in lists at 256. */
export type Value =
  | { readonly kind: 'text' | 'base64'; readonly text: string; readonly bytes: number }
  | { readonly kind: 'deleted' | 'hidden' | 'unknown' };

export type TopicState = keyof TopicCounts;

/**
 * In the order of their names, level by level. `filter` is a topic filter if it has wildcards, else a part of the
 * topic. Topics that are new may take some seconds to appear.
 */
export interface TopicList {
  readonly topics: readonly TopicRow[];
  /** How many match in all; null where counting them was given up. */
  readonly matching: number | null;
  /** The next page is `after` this topic; null at the end. A page can be short of its limit, be it empty. */
  readonly next: string | null;
}

/**
 * One level of the topics as a tree: what stands directly beneath `under`, a topic up to and including a `/`
 * (empty for the first level), in the order of the names; `after` is a name of this level.
 */
export interface TopicLevel {
  readonly nodes: readonly TopicNode[];
  /** How many nodes this level has in all. */
  readonly size: number;
  /** The next page is `after` this name; null at the end. */
  readonly next: string | null;
}

/** A name can be both a topic and what others stand beneath. */
export interface TopicNode {
  /** Of this level only; may be empty, since levels may. */
  readonly name: string;
  /** The topic that ends here, if there is one. */
  readonly topic: TopicRow | null;
  /** Topics beneath, at any depth, and how many of them are diverging or blocked. */
  readonly beneath: number;
  readonly diverging: number;
}

export interface TopicRow {
  readonly topic: string;
  readonly state: TopicState;
  readonly winner: Value;
  /** The broker where the winner was written; '' for none. */
  readonly origin: string;
  /** Null where it was there before the first contact. */
  readonly changedAt: number | null;
  /** When the winner's time is over; null for never. */
  readonly expiresAt: number | null;
  /** By broker name. */
  readonly held: Readonly<Record<string, HeldValue>>;
}

export interface HeldValue {
  readonly value: Value;
  /** Whether it is as it should be. Also true where the broker is not to be given the topic. */
  readonly agrees: boolean;
}

export interface TopicDetails extends TopicRow {
  /** Null where it was there before the first contact. */
  readonly version: { readonly time: number; readonly counter: number; readonly replica: string } | null;
  /** By broker name: publishes of which the echo has not been seen. */
  readonly pending: Readonly<Record<string, number>>;
  /** Brokers that do not take it, by name. */
  readonly blocked: Readonly<Record<string, BlockedTopic>>;
  readonly retain: boolean | null;
  readonly qos: number;
  /** Newest first, at most 10. */
  readonly conflicts: readonly Conflict[];
}

export interface BlockedTopic {
  /** Why the broker did not take it last, as the log says it. */
  readonly reason: string;
  readonly retryAt: number;
}

/** What was deleted or overwritten within the last hour, newest first; at most 1,000 topics, one message of each. */
export interface TrashList {
  readonly discarded: readonly DiscardedValue[];
}

export interface DiscardedValue {
  readonly topic: string;
  readonly how: 'deleted' | 'overwritten' | 'conflict' | 'undone';
  readonly at: number;
  readonly value: Value;
}

/** The topics whose messages were written again. */
export interface Undone {
  readonly topics: readonly string[];
}
