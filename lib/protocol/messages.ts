/**
 * The messages between the broker workers and the reconciler. Messages that come in masses are packed (batch.ts); the others
 * are plain data. The main thread's messages to these actors, and theirs to it, are in control-messages.ts.
 *
 *     broker worker ── FromBroker ──▶ reconciler worker ── ToBroker ──▶ broker worker
 */

import type { RateLimits } from '../core/even-rate.ts';
import type { Found, ProbePriority } from '../core/events.ts';
import type { Version } from '../core/version.ts';
import type { RawPayload } from './payload.ts';

/** The part of a MessagePort that the actors use. */
export interface Port<Sent, Received> {
  on(event: 'message', listener: (message: Received) => void): unknown;
  postMessage(message: Sent, transfer?: readonly ArrayBuffer[]): void;
  close(): void;
}

// ── broker worker → reconciler ───────────────────────────────────────────────────────────────────────

export type FromBroker =
  | SessionStarted
  | CaughtUp
  | { readonly kind: 'disconnected' }
  /** The worker is about to disconnect and connects again at once; answered by `publishing-stopped`. */
  | { readonly kind: 'stop-publishing' }
  /** The process was suspended for a while: transient messages that still wait are too old to be passed on. */
  | { readonly kind: 'suspended' }
  | Observations
  | PublishResults
  | { readonly kind: 'probe-answers'; readonly answers: readonly ProbeAnswer[] }
  /** A part of a full scan: retained messages, packed as observations. */
  | { readonly kind: 'full-scan-batch'; readonly batch: ArrayBuffer }
  | ({ readonly kind: 'full-scan-ended' } & FullScanResult)
  | ReadAccess
  /** A heartbeat has come back; `sentAt` is a time of `heartbeatClock`. */
  | { readonly kind: 'heartbeat'; readonly sentAt: number };

/** The worker is connected, and is about to subscribe. Then the broker replays what it retains. */
export interface SessionStarted {
  readonly kind: 'session-started';
  /** Counts the sessions of this worker. One connection has several if the filters change. The worker ignores commands of an earlier session. */
  readonly session: number;
  /** Whether the broker delivers stamps back (MQTT 5 user properties). */
  readonly stamps: boolean;
  readonly retainsMessages: boolean;
  /** Whether mqttrep may write control topics there. If not, it leaves no marker. */
  readonly writesControlTopics: boolean;
  /** The marker that this replicator left at the broker; see docs/reconciliation.md. */
  readonly marker: RetainedMarker;
  /** The rate of publishes; left out without a limit. */
  readonly rate?: RateLimits;
  /** Tells the mapping rules and exclusions of this broker from others; left out if it has none. */
  readonly names?: string;
}

/** The replay of this session is over. */
export interface CaughtUp {
  readonly kind: 'caught-up';
  readonly stamps: boolean;
  /** The broker dropped a part of the replay. It showed the sentinel only after mqttrep asked for the sentinel alone. */
  readonly isReplayIncomplete: boolean;
}

export interface FullScanResult {
  /**
   * - `incomplete`: the broker dropped messages under a filter that cannot be split further, or a limit was reached
   * - `interrupted`: the connection was lost
   * - `not known`: nothing tells where the replay of this broker ends
   * - `unsupported`: the broker accepts no second connection, or mqttrep must not write control topics
   */
  readonly outcome: 'complete' | 'incomplete' | 'interrupted' | 'not known' | 'unsupported';
  /** SUBSCRIBE packets; more than one if the scan was done in parts. */
  readonly subscribes: number;
  /** Some of the filters under which the broker retains more than it replays at once. */
  readonly unreadFilters: readonly string[];
  /** Names of topic levels that were not remembered for lack of room. */
  readonly droppedLevels: number;
}

/** What a broker retains under the marker's topic. The reconciler verifies who wrote it. */
export type RetainedMarker = { readonly payload: string } | 'absent' | 'unknown';

/** Messages that the broker delivered, packed. */
export interface Observations {
  readonly kind: 'observations';
  readonly batch: ArrayBuffer;
  /** Messages that the broker delivered. The batch may hold fewer: only the newest one of a topic. */
  readonly messages: number;
  /**
   * What became of publications, for which no message of its own has to wake the reconciler: an echo and the acknowledgement of
   * its publish come together. Left out if there is nothing to tell.
   */
  readonly results?: PublishResults;
}

/**
 * What became of publications since the last message of this kind. The words for that:
 * - *acknowledged*: the PUBACK or PUBCOMP came
 * - *completed*: acknowledged, refused, or dropped by the worker
 * - *settled*: completed, and the reconciler knows it
 * - *echoed*: the broker delivered the publish back
 * - *confirmed*: echoed, or acknowledged where no echo comes
 */
export interface PublishResults {
  readonly kind: 'publish-results';
  /**
   * Publications are counted from 1 in each session. All up to this number are complete: acknowledged, refused or
   * dropped.
   */
  readonly completedUpTo: number;
  /** Bytes of the completed publications, as `publicationBytes` counts them. */
  readonly bytes: number;
  /** Acknowledged publications, of those that have no echo. */
  readonly acknowledged: readonly PublicationId[];
  readonly refused: readonly Refusal[];
  /** Topics with a publication in quarantine. It has not been sent yet, so it has no echo so far. */
  readonly quarantined?: readonly string[];
  /** Topics that left quarantine: their publications have been sent. */
  readonly released?: readonly string[];
}

export interface Refusal extends PublicationId {
  readonly reason: string;
  /**
   * - `value`: the broker may accept another value under the topic
   * - `right`: the broker denies the topic by a reason code; a retry costs one publish
   * - `topic`: the broker accepts no value under the topic, for another reason
   */
  readonly scope: 'value' | 'topic' | 'right';
  /** The message was transient: it is never sent again. */
  readonly isTransient?: boolean;
  /** The worker has logged the reason. */
  readonly isLogged?: boolean;
}

export interface PublicationId {
  readonly topic: string;
  readonly version: Version;
}

export interface ProbeAnswer {
  readonly topic: string;
  /** What the broker retains under the topic. */
  readonly held: RawFound | 'absent' | 'unknown';
}

/** Between the threads a large payload is its bytes. */
export type RawFound = Omit<Found, 'payload'> & { readonly payload: RawPayload };

/** Whether mqttrep can read beneath parents (see `parentOf`). It answers each parent of a `check-read-access` once. */
export interface ReadAccess {
  readonly kind: 'read-access';
  /** The broker delivered a test message of ours from beneath these. */
  readonly proven: readonly string[];
  /** It did not, or none could be sent: a topic that is absent there may exist nevertheless. */
  readonly unproven: readonly string[];
}

// ── reconciler → broker worker ───────────────────────────────────────────────────────────────────────

export type ToBroker =
  | Start
  | { readonly kind: 'publications'; readonly session: number; readonly batch: ArrayBuffer }
  /** All publications of this session have been sent to the worker. */
  | { readonly kind: 'publishing-stopped'; readonly session: number }
  /** The reconciler has processed so many batches of observations; the worker may send as many more. */
  | { readonly kind: 'credit'; readonly batches: number }
  | {
      readonly kind: 'probe';
      readonly session: number;
      readonly priority: ProbePriority;
      readonly topics: readonly string[];
    }
  /** Background probes of these topics that still wait become urgent. */
  | { readonly kind: 'promote-probes'; readonly session: number; readonly topics: readonly string[] }
  /** Find out whether mqttrep can read beneath these parents (see `parentOf`); answered by `read-access`. */
  | { readonly kind: 'check-read-access'; readonly session: number; readonly parents: readonly string[] }
  | FullScanRequest
  /** The heartbeat of another broker. */
  | { readonly kind: 'heartbeat'; readonly from: string; readonly sentAt: number };

/** Have the broker replay all its retained messages again; answered by `full-scan-batch` and `full-scan-ended`. */
export interface FullScanRequest {
  readonly kind: 'full-scan';
  readonly session: number;
  /** The replay of this session was incomplete, and no full scan has read the rest since. */
  readonly isReplayIncomplete: boolean;
  /** Parents (see `parentOf`) of known topics; empty if the scan does not need them. */
  readonly parents: readonly string[];
}

/** Connect as this replica. The first message to a worker; each new reconciler sends it again. */
export interface Start {
  readonly kind: 'start';
  readonly replica: string;
  /** The secret of the store. It is the key of all that nobody else must be able to write in our name. */
  readonly secret: string;
  /** The client id, unless one is configured. It stays the same after a restart. */
  readonly clientId: string;
}

// ── the log of an actor ───────────────────────────────────────────────────────────────────────────────

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** `at`: when it was logged, in milliseconds since 1970; left out by the main thread, where it is now. */
export type Log = (level: LogLevel, message: string, at?: number) => void;
