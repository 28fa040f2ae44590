/**
 * The messages between the event actor and the broker workers. Each worker has a second connection for events; this is its
 * port. The two ends number things so that nothing of an ended connection is mistaken for the present one:
 *
 * - A *session* is one connection, numbered by the actor in `connect`. Messages of another session are ignored.
 * - An *ordinal* counts the PUBLISH packets with QoS 1 of one session, from 1, in the order in which they came. The worker
 *   holds each PUBACK back until `durable` covers its ordinal.
 * - A *sequence number* names an event of the log, and so a publish of ours. Sequence numbers ascend and may have gaps.
 */

import type { MessagePort } from 'node:worker_threads';
import type { EventSettings } from './event-settings.ts';
import type { DestinationStateName } from './event-state.ts';
import type { Request } from './requests.ts';
import type { BrokerPlace } from './settings.ts';

// ── broker worker → event actor ──────────────────────────────────────────────────────────────────────

export type FromEventLink =
  | EventSessionStarted
  /**
   * What the broker delivered, in its order, packed by `writeIncoming`: messages, our own echoes that a stamp proves, and
   * fences. At most EVENT_BATCH_BYTES, unless a single message is larger. Uses up one of the EVENT_BATCHES_AHEAD.
   */
  | { readonly kind: 'events'; readonly session: number; readonly batch: ArrayBuffer }
  /** All deliveries of this session up to this sequence number are acknowledged or refused. */
  | { readonly kind: 'delivered'; readonly session: number; readonly through: number }
  /** Sent before the `delivered` that covers it. */
  | ({ readonly kind: 'refused'; readonly session: number } & EventRefusal)
  /** Messages with QoS 0 that the worker dropped, because the actor was behind. */
  | { readonly kind: 'overrun'; readonly session: number; readonly dropped: readonly Overrun[] }
  /** The connection has ended, and nothing of it follows. The worker waits for the next `connect`. */
  | { readonly kind: 'ended'; readonly session: number }
  /** The session at the broker was removed, as `forget` asked. */
  | { readonly kind: 'forgotten' };

/** CONNACK and SUBACK have come. The worker has sent no `events` of this session before. */
export interface EventSessionStarted {
  readonly kind: 'event-session';
  readonly session: number;
  /** Session Present of CONNACK. If 0, the worker has subscribed again. */
  readonly present: boolean;
  /** The broker delivers user properties back (MQTT 5), so that our echoes are known by their stamps. */
  readonly stamps: boolean;
  /** A message shows the retain flag that its client gave it (MQTT 5). If not, a retain flag means a message of the past. */
  readonly retainAsPublished: boolean;
  /** Our own publishes are delivered back; not so with No Local. */
  readonly echo: boolean;
  /** The worker can publish fences and is subscribed to them: control topics are permitted. */
  readonly fences: boolean;
  /** Publishes with QoS 1 that the broker takes without an acknowledgement, at most EVENT_WINDOW or UNSTAMPED_WINDOW. */
  readonly window: number;
  /** False if the broker takes only QoS 0: then the worker sends no `delivered`, and fences tell what arrived. */
  readonly acknowledges: boolean;
  /** What is retained under `mqttrep/id`; undefined without control topics. */
  readonly brokerId: string | undefined;
  /** Nothing may be published: another replicator with events is connected here over MQTT 3.1.1, or we are a standby. */
  readonly mustHold: boolean;
}

export interface Overrun {
  readonly topic: string;
  readonly count: number;
}

export interface EventRefusal {
  readonly seq: number;
  readonly reason: string;
  /** `hangup`: the broker closed the connection on this event repeatedly. */
  readonly cause: 'denied' | 'too large' | 'hangup';
}

// ── event actor → broker worker ──────────────────────────────────────────────────────────────────────

export type ToEventLink =
  /** Before the first `connect`, and again from each new event actor. `node` goes into the stamp of each event. */
  | { readonly kind: 'start-events'; readonly node: string }
  /**
   * The actor is ready for a session of this number: its matches are rebuilt. The worker retries until it connects. `brokerId` is
   * that of the last session.
   */
  | { readonly kind: 'connect'; readonly session: number; readonly brokerId: string | undefined }
  /** To be published in this order, packed by `writeDelivery`. */
  | { readonly kind: 'deliver'; readonly session: number; readonly batch: ArrayBuffer }
  /** PUBACKs up to this ordinal may be written. */
  | { readonly kind: 'durable'; readonly session: number; readonly through: number }
  /** So many batches are durable: the worker may send as many more in this session. */
  | { readonly kind: 'event-credit'; readonly session: number; readonly batches: number }
  /** Publish this text under the topic of the fence, behind all deliveries so far. */
  | { readonly kind: 'fence'; readonly session: number; readonly nonce: number }
  /** End the connection: the broker does not answer. The worker retries after `ended` and the next `connect`. */
  | { readonly kind: 'disconnect'; readonly session: number; readonly reason: string }
  /** Remove the session at the broker (clean start, expiry 0) and end; answered by `forgotten`. */
  | { readonly kind: 'forget' };

/** Batches of `events` that a worker may send before their credit comes back. */
export const EVENT_BATCHES_AHEAD = 8;

/** Bytes of one packed batch, in both directions. A single larger message is a batch of its own. */
export const EVENT_BATCH_BYTES = 256 * 1024;

/** Receive Maximum of our event connections, and the most publishes without an acknowledgement. */
export const EVENT_WINDOW = 1000;

/**
 * The most publishes without an acknowledgement over MQTT 3.1.1. After a cut, of so many publishes a client's equal message cannot
 * be told from the echo, and they may be doubled.
 */
export const UNSTAMPED_WINDOW = 100;

// ── main thread → event actor ────────────────────────────────────────────────────────────────────────

export type ControlOfEvents =
  | { readonly kind: 'attach'; readonly broker: number; readonly port: MessagePort }
  | Request<EventRequest>
  /** Continue with these settings and brokers; answered by `configured`. */
  | { readonly kind: 'configure'; readonly settings: EventSettings; readonly brokers: readonly BrokerPlace[] }
  /** Commit what waits, then end. */
  | { readonly kind: 'stop' };

export type EventRequest =
  | { readonly kind: 'measures' }
  /** Forget the cursor and the session of a broker; answered once the broker has removed the session. */
  | { readonly kind: 'forget'; readonly broker: string };

export interface EventResponses {
  readonly measures: EventMeasures;
  /**
   * Undelivered events that are given up, and whether the broker has removed our session: if not, it goes on to keep events
   * for it. Null if there is no such broker.
   */
  readonly forget: { readonly events: number; readonly isSessionRemoved: boolean } | null;
}

/** Beside the `Report` of messages.ts. */
export interface EventResponse {
  readonly kind: 'event-response';
  readonly id: number;
  readonly response: EventResponses[keyof EventResponses];
}

export type DropReason = 'full' | 'expired' | 'refused' | 'too_large' | 'overrun';

export interface EventMeasures {
  readonly brokers: readonly EventLinkMeasures[];
  /** Bytes of the log on disk. */
  readonly logBytes: number;
  readonly commitFailures: number;
  readonly damagedSegments: number;
}

export interface EventLinkMeasures {
  readonly name: string;
  readonly state: DestinationStateName;
  /** Events that wait for this broker. */
  readonly messages: number;
  readonly bytes: number;
  /** Age of the oldest of them in seconds; 0 if none waits. */
  readonly oldestSeconds: number;
  /** Since the start of the actor. */
  readonly received: number;
  readonly delivered: number;
  readonly resent: number;
  readonly redeliveredDropped: number;
  readonly echoMissing: number;
  readonly unresolved: number;
  readonly sessionsLost: number;
  /** Messages that match no event filter. */
  readonly ignored: number;
  readonly dropped: readonly {
    readonly filter: string;
    readonly reason: DropReason;
    readonly count: number;
  }[];
}
