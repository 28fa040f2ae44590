/**
 * What the status server answers, as JSON: the types that the server, the page and `mqttrep status` share.
 *
 *     GET /api/v1/status                              Status
 *     GET /api/v1/topics?filter=&diverging=&after=&limit=   TopicList
 *     GET /api/v1/topics/{topic, percent-encoded}     TopicDetails
 *     GET /api/v1/route?topic=&from=                  TopicRoute: as `mqttrep route TOPIC --from BROKER`
 *     GET /api/v1/brokers/{name, percent-encoded}     BrokerDetails
 *     GET /api/v1/tree?under=&after=&limit=           TopicLevel
 *     GET /api/v1/trash?filter=                       TrashList
 *     POST /api/v1/undo?filter=                       Undone
 *     POST /api/v1/brokers/{name, percent-encoded}/events/forget   ForgottenEvents: removes the event session and the queue
 *     POST /api/v1/brokers/{name, percent-encoded}/deletions/confirm   DecidedDeletions: deletes the topics everywhere
 *     POST /api/v1/brokers/{name, percent-encoded}/deletions/refuse    DecidedDeletions: publishes them to the broker again
 *     POST /api/v1/brokers/{name, percent-encoded}/compare    ActionResult: compares all that the broker retains, now
 *     POST /api/v1/brokers/{name, percent-encoded}/retry      ActionResult: publishes again what the broker refused
 *     POST /api/v1/brokers/{name, percent-encoded}/pause      ActionResult: disconnects, until `resume` or the next start
 *     POST /api/v1/brokers/{name, percent-encoded}/resume     ActionResult
 *     GET /api/v1/events                              Server-Sent Events: `status` (Status) at once, and when brokers
 *                                                     come or go; `delta` (Delta) each second in which something
 *                                                     else changed
 *
 * Times are milliseconds since 1970, durations milliseconds, unless a name says otherwise. Infinity is null.
 */

import type { BrokerLimits, BrokerTopics, Conflict, Refusal, TopicCounts } from '../protocol/answers.ts';
import type { DestinationStateName } from '../protocol/event-state.ts';
import type { LinkState } from '../protocol/link-state.ts';

export type {
  ActionResult,
  BrokerLimits,
  BrokerTopics,
  Comparison,
  Conflict,
  ConflictSide,
  DecidedDeletions,
  DiscardedValue,
  HeldValue,
  LagCause,
  LaggingTopic,
  Refusal,
  RefusedTopic,
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
export type { BrokerRoute, DecidedSetting, Decision, TopicRoute } from '../protocol/topic-route.ts';

export interface Status {
  /** Of the package. */
  readonly version: string;
  readonly replica: string;
  readonly startedAt: number;
  /** Hz. */
  readonly mergeFrequency: number;
  /** Between two heartbeats at a broker; null if they are off. */
  readonly heartbeatPeriod: number | null;
  /** Whether the server withholds payloads, since it listens beyond loopback. */
  readonly hidesPayloads: boolean;
  /** Whether a client that shows the token may compare, retry, pause and resume a broker. */
  readonly allowsActions: boolean;
  /** What mqttrep subscribes to, at any broker: at most 20 filters. */
  readonly filters: readonly string[];
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
  /** Messages that the configuration leaves out, by reason: `excluded`, or `unmapped` if no topic has that name at the broker. */
  readonly ignored: Readonly<Record<string, number>>;
  /** How often mqttrep reached a limit, by its name: `pending`, `pending_of_topic`, `rate`, `ingress`. Further messages wait. */
  readonly heldBack: Readonly<Record<string, number>>;
  /** The most messages that mqttrep publishes there in a second; null without a limit. */
  readonly maxRate: number | null;
  /** The same in bytes. */
  readonly maxBytesPerSecond: number | null;
  /** Publishes that no echo has confirmed yet. */
  readonly pending: number;
  /** Topics that wait to be sent. */
  readonly waiting: number;
  /** Topics of which the broker does not hold the winner. */
  readonly behind: number;
  /** Since when the topic that is so longest is; null if there is none. Topics that the broker does not accept do not count. */
  readonly behindSince: number | null;
  /** Those of them that the broker does not accept. */
  readonly blocked: number;
  /** The topic that the broker refuses longest; null if it refuses none. */
  readonly refusal: Refusal | null;
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
  readonly reconnects: number;
  readonly restarts: number;
  /** Null if there are no event topics. */
  readonly events: EventStatus | null;
}

/** Events that were given up with the session of a broker. */
export interface ForgottenEvents {
  readonly events: number;
  /** False if the broker was not reached: it may keep the session. */
  readonly isSessionRemoved: boolean;
}

/** Event topics at one broker. */
export interface EventStatus {
  /** `flowing`: events are delivered. `away`: not connected. `resolving`, `holding`: see docs/events.md. */
  readonly state: DestinationStateName;
  /** Events that wait for the broker, and their bytes. */
  readonly queued: number;
  readonly bytes: number;
  /** How long the oldest of them has waited. */
  readonly oldest: number;
  /** Events since the start of mqttrep. */
  readonly received: number;
  readonly delivered: number;
  /** Events that will not reach the broker, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
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
  /** Changes that all permitted brokers were confirmed to hold in this time. */
  readonly converged: ConvergedChanges;
}

/** The times are estimates, from the buckets of the histogram. Null if there were no changes. */
export interface ConvergedChanges {
  readonly count: number;
  readonly median: number | null;
  /** The 95th percentile. */
  readonly p95: number | null;
}

/** What is known of one broker. */
export interface BrokerDetails extends BrokerTopics {
  readonly name: string;
  /** The address, without credentials. */
  readonly url: string;
  readonly filters: readonly string[];
  /** Null if its worker does not answer, or there is none. */
  readonly limits: BrokerLimits | null;
  /** Warnings and errors of the log, the newest first; at most 20. */
  readonly problems: readonly BrokerProblem[];
}

export interface BrokerProblem {
  readonly at: number;
  readonly level: 'error' | 'warn';
  readonly text: string;
}
