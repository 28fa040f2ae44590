/**
 * What crosses the ports between the actors. Masses are packed (`batch`); what is rare is plain.
 *
 *     broker worker ── FromBroker ──▶ reconciler worker ── ToBroker ──▶ broker worker
 *            ▲  ControlOfBroker            ▲  ControlOfReconciler
 *            └──────────── main ───────────┘        (Report comes back from both)
 */

import type { MessagePort } from 'node:worker_threads';
import type { Found, ProbePriority } from '../core/events.ts';
import type { FilterSettings, QoS } from '../core/policy.ts';
import type { Subscription } from '../core/subscriptions.ts';
import type { Version } from '../core/version.ts';
import type { BrokerRequest, ReconcilerRequest, Request, Response } from './requests.ts';

/** As much of a MessagePort as the actors use between them. */
export interface Port<Sent, Received> {
  on(event: 'message', listener: (message: Received) => void): unknown;
  postMessage(message: Sent, transfer?: readonly ArrayBuffer[]): void;
  close(): void;
}

// ── broker worker → reconciler ───────────────────────────────────────────────────────────────────────

export type FromBroker =
  | SessionStarted
  | Replayed
  | { readonly kind: 'disconnected' }
  /** The process did not run for a while: what waits to be passed on is too old. */
  | { readonly kind: 'suspended' }
  | Observations
  | PublishResults
  | { readonly kind: 'found'; readonly answers: readonly ProbeAnswer[] }
  /** Of a survey: what the broker retains, packed as observations. */
  | { readonly kind: 'scanned'; readonly batch: ArrayBuffer }
  | ({ readonly kind: 'full-scan-ended' } & FullScanResult)
  | ReadAccess;

/** Connected and subscribed; the broker is replaying what it retains. */
export interface SessionStarted {
  readonly kind: 'session';
  /** Counts the connections of this worker; commands of an earlier session are void. */
  readonly session: number;
  /** Whether the connection returns stamps (MQTT 5 user properties). */
  readonly stamps: boolean;
  /** Whether the broker keeps retained messages at all. */
  readonly retains: boolean;
  /** Whether mqttrep may write topics of its own there: if not, it leaves no marker. */
  readonly writes: boolean;
  /** What the broker retains of the marker that this replicator leaves there; see docs/reconciliation.md. */
  readonly marker: ShownMarker;
}

/** The broker has shown what it retains. */
export interface Replayed {
  readonly kind: 'replayed';
  readonly stamps: boolean;
  /** It dropped a part of it: the end was shown only when that was asked for alone. */
  readonly isCut: boolean;
}

/** What came of a full scan. */
export interface FullScanResult {
  /**
   * `incomplete`: parts were cut that cannot be split further, or a limit was met. `broken off`: the connection was lost.
   * `not known`: the broker does not tell where its replay ends. `not possible`: it takes no second connection, or no
   * control topics.
   */
  readonly end: 'complete' | 'incomplete' | 'broken off' | 'not known' | 'not possible';
  /** SUBSCRIBEs: more than one where it was read in parts. */
  readonly reads: number;
  /** Some of the filters under which the broker retains more than it shows at once. */
  readonly unread: readonly string[];
  /** Names of levels that were not remembered for want of room. */
  readonly dropped: number;
}

/** What a broker retains under the marker's topic; by whom it was written the reconciler can tell. */
export type ShownMarker = { readonly payload: string } | 'absent' | 'unknown';

/** What the broker delivered, packed. */
export interface Observations {
  readonly kind: 'observations';
  readonly batch: ArrayBuffer;
  /** Messages that it stands for: of several under one topic only the newest may be in it. */
  readonly messages: number;
}

/** Publications that need no more waiting for, since the last such message. */
export interface PublishResults {
  readonly kind: 'publish-results';
  /** All publications up to this one, counted from 1 in the order of the session, have been settled. */
  readonly through: number;
  /** Bytes settled, as `publicationBytes` counts them. */
  readonly bytes: number;
  /** Those that the reconciler wanted to know of, and that the broker acknowledged. */
  readonly confirmed: readonly PublicationId[];
  readonly refused: readonly Refusal[];
  /** Topics of which a publication waits in quarantine: it has not been sent yet, so no echo of it can come. */
  readonly quarantined?: readonly string[];
  /** Topics that left quarantine: what waited there is published now. */
  readonly released?: readonly string[];
}

export interface Refusal extends PublicationId {
  readonly reason: string;
  /**
   * `value`: the broker may take another value under the topic. `right`: it denies the topic by a reason code, which costs
   * one publish when it is tried again. `topic`: it takes none, for another reason.
   */
  readonly scope: 'value' | 'topic' | 'right';
  /** The message was not retained: it is never sent again, whatever becomes of the topic. */
  readonly isTransient?: boolean;
  /** The log has the reason already. */
  readonly isLogged?: boolean;
}

export interface PublicationId {
  readonly topic: string;
  readonly version: Version;
}

export interface ProbeAnswer {
  readonly topic: string;
  readonly found: Found | 'absent' | 'unknown';
}

/** Whether mqttrep can read beneath these parents at the broker. Each parent that was asked for is answered once. */
export interface ReadAccess {
  readonly kind: 'read-access';
  /** A message of our own came back from there. */
  readonly proven: readonly string[];
  /** None did, or none could be sent: what is absent there may be there all the same. */
  readonly unproven: readonly string[];
}

// ── reconciler → broker worker ───────────────────────────────────────────────────────────────────────

export type ToBroker =
  | Start
  | { readonly kind: 'publications'; readonly session: number; readonly batch: ArrayBuffer }
  /** So many batches of observations have been worked off. */
  | { readonly kind: 'credit'; readonly batches: number }
  | {
      readonly kind: 'probe';
      readonly session: number;
      readonly priority: ProbePriority;
      readonly topics: readonly string[];
    }
  /** Those of these topics of which a look waits for others are questions now. */
  | { readonly kind: 'promote-probes'; readonly session: number; readonly topics: readonly string[] }
  /** Find out whether we can read beneath these parents (see `parentOf`); answered by `readable`. */
  | { readonly kind: 'check-read-access'; readonly session: number; readonly parents: readonly string[] }
  | FullScanRequest;

/** Have the broker show once more all that it retains; answered by `surveyed`. */
export interface FullScanRequest {
  readonly kind: 'full-scan';
  readonly session: number;
  /** The replay of this session was cut, and what followed has not been read yet. */
  readonly isCut: boolean;
  /** Parents (see `parentOf`) of topics that are known; none where they are not needed. */
  readonly parents: readonly string[];
}

/** Connect, as this replica. Comes first, and again from each new reconciler. */
export interface Start {
  readonly kind: 'start';
  readonly replica: string;
  /** Of the store: it keys what nobody else must be able to write in our name. */
  readonly secret: string;
  /** Under which to connect, unless one is configured; the same after a restart. */
  readonly clientId: string;
}

// ── main → actors ────────────────────────────────────────────────────────────────────────────────────

export type ControlOfBroker =
  /** The reconciler was restarted: this is the way to it now. */
  | { readonly kind: 'attach'; readonly port: MessagePort }
  /** Subscribe to these instead, on the connection that stands. */
  | { readonly kind: 'subscribe'; readonly subscriptions: readonly Subscription[] }
  /** How the connections to all brokers are, for the state topics. */
  | { readonly kind: 'connections'; readonly connections: Connections }
  /** The reconciler samples otherwise. */
  | { readonly kind: 'sample'; readonly sampling: Sampling }
  /** Take no more messages in; answered by the report `quiet`. */
  | { readonly kind: 'quiesce' }
  | Request<BrokerRequest>
  | { readonly kind: 'stop' };

export type ControlOfReconciler =
  | { readonly kind: 'attach'; readonly broker: number; readonly port: MessagePort }
  | Request<ReconcilerRequest>
  /** Go on with other settings and other brokers; answered by the report `configured`. */
  | {
      readonly kind: 'configure';
      readonly settings: ReconcilerSettings;
      readonly brokers: readonly BrokerPlace[];
    }
  /** Send what is waiting, then end; `within` milliseconds. */
  | { readonly kind: 'stop'; readonly within: number };

// ── actors → main ────────────────────────────────────────────────────────────────────────────────────

export type Report =
  /** `at`: when it was said, in milliseconds since 1970. */
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string; readonly at: number }
  | { readonly kind: 'link'; readonly state: LinkState; readonly detail: string }
  /** The broker is also connected to under this name. */
  | { readonly kind: 'same'; readonly as: string }
  | { readonly kind: 'quiet' }
  | Response
  | { readonly kind: 'configured' }
  /** What was not taken before the end. */
  | { readonly kind: 'undelivered'; readonly undelivered: readonly Undelivered[] }
  /** The actor cannot work, and to restart it would not help. */
  | { readonly kind: 'fatal'; readonly cause: FatalCause; readonly reason: string }
  | { readonly kind: 'counters'; readonly counters: Readonly<Record<string, number>> };

/** `configuration`: it fails at each start, until the user changes something. */
export type FatalCause = 'configuration' | 'failure';

/** Messages that a broker has not taken in time. */
export interface Undelivered {
  /** Of the broker. */
  readonly name: string;
  readonly messages: number;
}

/** By the names of the brokers. */
export type Connections = Readonly<Record<string, 'up' | 'down'>>;

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** `at`: when it was said, in milliseconds since 1970; now, unless an actor said it. */
export type Log = (level: LogLevel, message: string, at?: number) => void;

/** `parked`: the broker's actor crashed too often, and rests for a while; or the broker has another name, too. */
export type LinkState = 'connecting' | 'replaying' | 'ready' | 'refused' | 'unreachable' | 'parked';

// ── what an actor is started with ────────────────────────────────────────────────────────────────────

/** How much is taken in at most. What is beyond is refused, counted and said. */
export interface Bounds {
  /** Bytes. */
  readonly payload: number;
  /** Topics kept; those that are retained somewhere are never evicted. */
  readonly topics: number;
  /** Bytes of topics kept, as `topic-bytes.ts` counts them; undefined for a part of what the thread may use. */
  readonly memory: number | undefined;
  /** Bytes of a topic's name. */
  readonly topicLength: number;
  /** Levels of a topic's name. */
  readonly levels: number;
}

/** More deletions that nobody heard than both are held until a person decides. */
export interface DeletionBound {
  /** Topics; Infinity where none is ever held. */
  readonly topics: number;
  /** Percent of the topics that the broker held. */
  readonly percent: number;
}

export interface BrokerTask {
  readonly actor: 'broker';
  readonly control: MessagePort;
  readonly reconciler: MessagePort;
  readonly settings: BrokerSettings;
}

/** `rehearse`: decide, and publish nothing. */
export type Mode = 'replicate' | 'dry-run';

export interface BrokerSettings {
  readonly mode: Mode;
  readonly name: string;
  /** What this process is called, so that brokers tell it from a copy of itself. */
  readonly process: string;
  readonly url: string;
  /** For MQTT.js. May hold secrets: never logged. */
  readonly options: Readonly<Record<string, unknown>>;
  /** As configured; undefined for the one that the store keeps. */
  readonly clientId: string | undefined;
  readonly maxQos: QoS;
  /** Levels that a topic may have there; Infinity without a limit. */
  readonly maxLevels: number;
  /** Bytes that a topic may have there; Infinity without a limit. */
  readonly maxTopicLength: number;
  readonly subscriptions: readonly Subscription[];
  readonly sampling: Sampling;
  /** Whether it is said under control topics how mqttrep is. */
  readonly stateTopics: boolean;
  readonly bounds: Bounds;
  /** With what the topics of mqttrep itself begin; undefined when it may write none. */
  readonly controlPrefix: string | undefined;
}

/** How the reconciler samples, as far as it matters to who feeds it. */
export interface Sampling {
  /** Milliseconds between two ticks. */
  readonly period: number;
  /** Only the newest of several messages under a topic counts: each merge chain goes by arrival. */
  readonly newestOnly: boolean;
}

export interface ReconcilerTask {
  readonly actor: 'reconciler';
  readonly control: MessagePort;
  readonly brokers: readonly { readonly name: string; readonly rank: number; readonly port: MessagePort }[];
  readonly settings: ReconcilerSettings;
}

/** A broker at its index, which stays its own as long as the reconciler lives, also when it is removed. */
export interface BrokerPlace {
  readonly name: string;
  /** At first contact the larger wins. */
  readonly rank: number;
  readonly isRemoved: boolean;
}

export interface ReconcilerSettings {
  /** With what the topics of mqttrep itself begin; undefined when it may write none. */
  readonly controlPrefix: string | undefined;
  readonly filters: readonly FilterSettings[];
  /** Hz. */
  readonly mergeFrequency: number;
  /** Seconds in which anti-entropy looks at every topic once; Infinity for never. */
  readonly scanPeriod: number;
  /** Milliseconds that another replicator's clock may be ahead of ours. */
  readonly maxDrift: number;
  readonly deletionGuard: DeletionBound;
  readonly bounds: Bounds;
  /** A folder, or `memory`. */
  readonly store: string;
  /** Whether payloads stay here when somebody asks how topics are. */
  readonly hidesPayloads: boolean;
}
