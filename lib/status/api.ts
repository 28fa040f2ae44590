/**
 * What the status server answers, as JSON: the types that the server, the page and `mqttrep status` share.
 *
 *     GET /api/v1/status                              Status
 *     GET /api/v1/topics?filter=&diverging=&after=&limit=   TopicList
 *     GET /api/v1/topics/{topic, percent-encoded}     TopicDetails
 *     GET /api/v1/tree?under=&after=&limit=           TopicLevel
 *     GET /api/v1/trash?filter=                       TrashList
 *     POST /api/v1/undo?filter=                       Undone
 *     POST /api/v1/brokers/{name, percent-encoded}/deletions/confirm   DecidedDeletions: deletes the topics everywhere
 *     POST /api/v1/brokers/{name, percent-encoded}/deletions/refuse    DecidedDeletions: publishes them to the broker again
 *     GET /api/v1/events                              Server-Sent Events: `status` (Status) at once, and when brokers
 *                                                     come or go; `delta` (Delta) each second in which something
 *                                                     else changed
 *
 * Times are milliseconds since 1970, durations milliseconds, unless a name says otherwise. Infinity is null.
 */

import type { Conflict, TopicCounts } from '../protocol/answers.ts';
import type { LinkState } from '../protocol/link-state.ts';

export type {
  Conflict,
  ConflictSide,
  DecidedDeletions,
  DiscardedValue,
  HeldValue,
  TopicCounts,
  TopicDetails,
  TopicLevel,
  TopicList,
  TopicNode,
  TopicRow,
  TopicState,
  TrashList,
  Undone,
  Value,
} from '../protocol/answers.ts';
export type { LinkState } from '../protocol/link-state.ts';

export interface Status {
  /** Of the package. */
  readonly version: string;
  readonly replica: string;
  readonly startedAt: number;
  /** Hz. */
  readonly mergeFrequency: number;
  /** Whether the server withholds payloads, since it listens beyond loopback. */
  readonly hidesPayloads: boolean;
  readonly brokers: readonly BrokerStatus[];
  readonly topics: TopicCounts;
  /** The time from the arrival of a change until all permitted brokers were confirmed to hold it. */
  readonly convergence: Histogram;
  /** Oldest first, at most ten minutes. */
  readonly rates: readonly RateSample[];
  /** Newest first, at most 50. */
  readonly conflicts: readonly Conflict[];
}

/** What changed since the last event; an absent field did not change. A broker that changed is sent whole. */
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
  /** When it entered the state. */
  readonly since: number;
  /** '5', '3.1.1' or '3.1'; null before the first connection. */
  readonly protocol: string | null;
  /** Messages since the start of mqttrep; the received ones include the echoes of the published ones. */
  readonly received: number;
  readonly published: number;
  /** Messages that were not replicated, or that the broker did not accept, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** How often mqttrep reached a limit, by its name: `pending`, `pending_of_topic`, `ingress`. Further messages wait. */
  readonly heldBack: Readonly<Record<string, number>>;
  /** Publishes that no echo has confirmed yet. */
  readonly pending: number;
  /** Topics that wait to be sent. */
  readonly waiting: number;
  /** Topics of which the broker does not hold the winner. */
  readonly behind: number;
  /** Those of them that the broker does not accept. */
  readonly blocked: number;
  /** Topics that the broker lacks and that no client was seen to delete: too many, so a person has to decide. */
  readonly deletionsHeld: number;
  /** Topics that the broker does not show, perhaps since mqttrep may not read them. mqttrep leaves them unchanged. */
  readonly unreadable: number;
  /** The broker dropped a part of its replay, and mqttrep has not read the rest yet. */
  readonly replayIncomplete: boolean;
  /** Median time from a publish to its acknowledgement, of the last ones; null if there were none. */
  readonly roundTrip: number | null;
  /** Time from the publish of the last heartbeat until it came back; null if none did, or without heartbeats. */
  readonly heartbeat: number | null;
  /** When a heartbeat came back for the last time. */
  readonly heartbeatAt: number | null;
  /** By the name of another broker: the time of the last heartbeat from there to here, by way of the reconciler. */
  readonly paths: Readonly<Record<string, number>>;
  /** Connections that stood and carried nothing, and were opened again. */
  readonly silences: number;
  /** When the oldest change was made that the broker does not have yet; null for none. Refused topics do not count. */
  readonly undeliveredSince: number | null;
  readonly reconnects: number;
  readonly restarts: number;
}

/** Counts by upper bound, cumulative as in Prometheus; the last bound is null for infinity. */
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
