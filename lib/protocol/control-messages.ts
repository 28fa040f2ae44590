/**
 * The messages between the main thread and the actors: the main thread controls the actors, and they report to it. Those of the
 * event actor are in event-messages.ts.
 *
 *     main thread ── ControlOfBroker ──▶ broker worker ── Report ──▶ main thread
 *     main thread ── ControlOfReconciler ──▶ reconciler worker ── Report ──▶ main thread
 */

import type { MessagePort } from 'node:worker_threads';
import type { Subscription } from '../core/subscriptions.ts';
import type { EventResponse } from './event-messages.ts';
import type { LinkState } from './link-state.ts';
import type { LogLevel } from './messages.ts';
import type { BrokerRequest, ReconcilerRequest, Request, Response } from './requests.ts';
import type { BrokerPlace, BrokerSettings, ReconcilerSettings, Sampling } from './settings.ts';

// ── main thread → actors ─────────────────────────────────────────────────────────────────────────────

export type ControlOfBroker =
  /** The reconciler was restarted: this port leads to it now. */
  | { readonly kind: 'attach'; readonly port: MessagePort }
  /** The event actor was started: this port leads to it. */
  | { readonly kind: 'attach-events'; readonly port: MessagePort }
  /** Other topics are event topics. */
  | { readonly kind: 'events'; readonly settings: Pick<BrokerSettings, 'events' | 'modes'> }
  /** Replace the subscriptions, on the existing connection. */
  | { readonly kind: 'subscribe'; readonly subscriptions: readonly Subscription[] }
  /** The connections to all brokers, for the state topics. */
  | { readonly kind: 'connections'; readonly connections: Connections }
  /** The sampling of the reconciler has changed. */
  | { readonly kind: 'sampling'; readonly sampling: Sampling }
  /** Retained messages of mqttrep itself: publish those that changed, or all of them. */
  | {
      readonly kind: 'own-messages';
      readonly messages: readonly OwnMessage[];
      readonly which: 'changed' | 'all';
    }
  /** Take in no more messages; answered by `quiesced`. */
  | { readonly kind: 'quiesce' }
  | Request<BrokerRequest>
  | { readonly kind: 'stop' };

/** A retained message of mqttrep itself for the clients of a broker. */
export interface OwnMessage {
  readonly topic: string;
  /** Empty to delete it. */
  readonly payload: string;
  /** The payload before mqttrep disconnects; left out to leave the message. */
  readonly farewell?: string;
}

export type ControlOfReconciler =
  | { readonly kind: 'attach'; readonly broker: number; readonly port: MessagePort }
  | Request<ReconcilerRequest>
  /** Continue with these settings and brokers; answered by `configured`. */
  | {
      readonly kind: 'configure';
      readonly settings: ReconcilerSettings;
      readonly brokers: readonly BrokerPlace[];
    }
  /** Send what waits, then end; `within` milliseconds. Answered by `undelivered`. */
  | { readonly kind: 'stop'; readonly within: number };

// ── actors → main thread ─────────────────────────────────────────────────────────────────────────────

export type Report =
  /** `at`: when the actor logged it, in milliseconds since 1970. */
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string; readonly at: number }
  | { readonly kind: 'link'; readonly state: LinkState; readonly detail: string }
  /** Two configured names lead to one broker: that of this worker, and this other one. */
  | { readonly kind: 'same-broker'; readonly otherName: string }
  | { readonly kind: 'quiesced' }
  | Response
  | EventResponse
  | { readonly kind: 'configured' }
  | { readonly kind: 'undelivered'; readonly undelivered: readonly Undelivered[] }
  /** The actor cannot work, and a restart would not help. */
  | { readonly kind: 'fatal'; readonly cause: FatalCause; readonly reason: string }
  | { readonly kind: 'counters'; readonly counters: Readonly<Record<string, number>> };

/** `configuration`: each start fails until the user changes something. */
export type FatalCause = 'configuration' | 'failure';

/** Messages that a broker had not accepted when the reconciler ended. */
export interface Undelivered {
  /** The name of the broker. */
  readonly name: string;
  readonly messages: number;
}

/** By the name of the broker. */
export type Connections = Readonly<Record<string, 'up' | 'down'>>;
