/**
 * What the reconciler answers about topics, conflicts and the trash: plain data. The API of the status server serves it
 * as JSON, see lib/status/api.ts.
 *
 * Times are milliseconds since 1970.
 */

/** What a person's decision about held deletions changed. */
export interface DecidedDeletions {
  /** The number of topics that the decision was about. */
  readonly topics: number;
}

/** Numbers of topics by state. Each topic is counted once; a topic that was never retained is not counted. */
export interface TopicCounts {
  /** All permitted brokers hold the winner. */
  readonly converged: number;
  /** Some broker does not hold the winner yet. */
  readonly diverging: number;
  /** Some broker does not accept the topic. */
  readonly blocked: number;
  /** Deleted at all brokers, and remembered by a tombstone. */
  readonly deleted: number;
}

/** Two writes of which one was dropped: neither writer had seen the other write, or the merge chain decided so. */
export interface Conflict {
  readonly at: number;
  readonly topic: string;
  readonly winner: ConflictSide;
  readonly loser: ConflictSide;
  /** The comparator that decided, such as `arrival` or `json:time`; at first contact the `priority` or the `name` of the brokers. */
  readonly decidedBy: string;
}

export interface ConflictSide {
  /** The broker where it was written; '' if that is not known. */
  readonly broker: string;
  readonly value: Value;
}

/**
 * A payload for display: text if it is UTF-8, else base64. Cut at 8,192 bytes; in lists of conflicts at 1,024, in other
 * lists at 256.
 */
export type Value =
  | { readonly kind: 'text' | 'base64'; readonly text: string; readonly bytes: number }
  | { readonly kind: 'deleted' | 'hidden' | 'unknown' };

export type TopicState = keyof TopicCounts;

/**
 * Topics in the order of their names, level by level. A new topic may take some seconds to appear. The filter of the
 * request is a topic filter if it has wildcards, else a part of the topic.
 */
export interface TopicList {
  readonly topics: readonly TopicRow[];
  /** The number of topics that match; null if counting them would take too long. */
  readonly matching: number | null;
  /** The next page is `after` this topic; null at the end. A page can have fewer rows than its limit, even none. */
  readonly next: string | null;
}

/**
 * One level of the tree of topics: what is directly beneath `under`, in the order of the names. `under` is a topic up to
 * and including a `/`, and empty for the first level. `after` is a name of this level.
 */
export interface TopicLevel {
  readonly nodes: readonly TopicNode[];
  /** The number of all nodes of this level. */
  readonly size: number;
  /** The next page is `after` this name; null at the end. */
  readonly next: string | null;
}

/** A name can be a topic, and other topics can be beneath it at the same time. */
export interface TopicNode {
  /** Of this level only; may be empty, since levels may. */
  readonly name: string;
  /** The topic that ends here, if there is one. */
  readonly topic: TopicRow | null;
  /** The number of topics beneath, at any depth. */
  readonly beneath: number;
  /** Those of them that are diverging or blocked. */
  readonly diverging: number;
}

export interface TopicRow {
  readonly topic: string;
  readonly state: TopicState;
  readonly winner: Value;
  /** The broker where the winner was written; '' for none. */
  readonly origin: string;
  /** Null if it was there before the first contact. */
  readonly changedAt: number | null;
  /** When the winner expires; null for never. */
  readonly expiresAt: number | null;
  /** By broker name. */
  readonly held: Readonly<Record<string, HeldValue>>;
}

export interface HeldValue {
  readonly value: Value;
  /** Whether the broker holds the winner. Also true if the topic must not be published to the broker. */
  readonly agrees: boolean;
  /** Present if the broker does not accept the topic. */
  readonly isRefused?: true;
}

export interface TopicDetails extends TopicRow {
  /** Null if it was there before the first contact. */
  readonly version: { readonly time: number; readonly counter: number; readonly replica: string } | null;
  /** By broker name: the number of publishes that no echo has confirmed yet. */
  readonly pending: Readonly<Record<string, number>>;
  /** By name of a broker that does not accept the topic: the reason, and the time of the next attempt. */
  readonly blocked: Readonly<Record<string, BlockedTopic>>;
  /** Since when it is diverging or blocked; null if it is neither. */
  readonly divergingSince: number | null;
  readonly retain: boolean | null;
  readonly qos: number;
  /** Newest first, at most 10. */
  readonly conflicts: readonly Conflict[];
}

/** What was deleted or overwritten within the last hour, newest first: at most 1,000 topics, one message each. */
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

export interface BlockedTopic {
  /** Why the broker did not take the last message, as in the log. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly retryAt: number;
}

/** The topics at one broker that need attention, the oldest first; at most 100 of each kind. */
export interface BrokerTopics {
  readonly refused: readonly RefusedTopic[];
  readonly lagging: readonly LaggingTopic[];
  /** The last comparison that a person asked for; null if there was none. */
  readonly comparison: Comparison | null;
}

/** The broker replays all that it retains, which is compared with what it is believed to hold. */
export interface Comparison {
  readonly begunAt: number;
  /**
   * - `running`
   * - `complete`: everything was compared
   * - `incomplete`: a part was compared, since the broker does not show everything
   * - `failed`: the connection was lost, or the broker does not allow a full scan
   */
  readonly state: 'running' | 'complete' | 'incomplete' | 'failed';
  /** Topics at which the broker holds something else than mqttrep believed. They are probed, and then repaired. */
  readonly differing: number;
}

/** The broker does not accept the topic. */
export interface Refusal {
  readonly topic: string;
  /** As in the log. */
  readonly reason: string;
  /** When the broker first did not take it. */
  readonly since: number;
}

export interface RefusedTopic extends Refusal {
  /** The time of the next attempt; null while one is in flight. */
  readonly retryAt: number | null;
}

/** The broker does not hold the winner yet. */
export interface LaggingTopic {
  readonly topic: string;
  readonly since: number;
  readonly cause: LagCause;
}

/**
 * - `disconnected`: the broker is not connected
 * - `in flight`: a publish is not confirmed
 * - `probing`: mqttrep asks the broker first what it retains
 * - `retrying`: the broker did not take the last publish, and mqttrep tries again
 * - `deletion held`: a person has to decide about the deletion
 * - `replay incomplete`: the broker may retain a message of its own that it has not shown
 * - `waiting`: the publish waits for the next tick, or for earlier ones
 */
export type LagCause =
  | 'disconnected'
  | 'in flight'
  | 'probing'
  | 'retrying'
  | 'deletion held'
  | 'replay incomplete'
  | 'waiting';

/** What a person asked for has begun, or why it has not. */
export type ActionResult =
  /** `topics`: how many topics that concerns; null if that is not known. */
  | { readonly isBegun: true; readonly topics: number | null }
  | { readonly isBegun: false; readonly reason: string };

/** What a broker allows, as its CONNACK or mqttrep's own tests told. Null: it names no limit, or that is not known. */
export interface BrokerLimits {
  /** Whether there is a connection; if not, the limits are those of the last one. */
  readonly isConnected: boolean;
  /** '5', '3.1.1' or '3.1'. */
  readonly protocol: string | null;
  readonly maxQos: number | null;
  readonly retains: boolean;
  /** Publishes in flight at once. */
  readonly receiveMaximum: number | null;
  /** Bytes. */
  readonly maximumPacketSize: number | null;
  readonly maxLevels: number | null;
  /** Bytes. */
  readonly maxTopicLength: number | null;
  /** Filters in one SUBSCRIBE. */
  readonly maxFilters: number | null;
  readonly acceptsWill: boolean;
  readonly acceptsControlTopics: boolean;
  /** A second connection of mqttrep, for probes and full scans. */
  readonly acceptsSecondConnection: boolean;
}
