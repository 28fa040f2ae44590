/**
 * What can happen to a topic, and what follows from it: the input and the output of `step`.
 *
 * Time, identity and versions come in with the event, so that `step` stays a function.
 */

import type { Bytes, Message } from './message.ts';
import type { QoS } from './policy.ts';
import type { Version } from './version.ts';

export type Event =
  | Observed
  | Probed
  | Acknowledged
  | Refused
  | EchoOverdue
  | ScanDue
  | Offered
  | Expired
  | Returned
  | ProbeLost
  | Restored
  | Withheld;

/** The events of one kind. */
export type EventOf<K extends Event['kind']> = Extract<Event, { readonly kind: K }>;

/** A broker delivered a message. */
export interface Observed {
  readonly kind: 'observed';
  readonly broker: number;
  readonly payload: Bytes;
  /** Undefined over MQTT 3.1.1. */
  readonly properties: string | undefined;
  /** The retain flag as it was published; undefined where the protocol hides it (3.1.1, live). */
  readonly retained: boolean | undefined;
  /** The broker is still replaying what it retains, after a connect. */
  readonly replay: boolean;
  /** What we have to compare a replay with. */
  readonly returnState: ReturnState;
  /** The version that the message carries, if a replicator wrote it and it is to be believed. */
  readonly stamp: Version | undefined;
  /** Whether this connection returns stamps: if so, a message without one is no echo. */
  readonly stamps: boolean;
  /** This copy was sent by this replicator, as its stamp says. */
  readonly own: boolean;
  /** The version that the message claims to have from us, though its stamp does not fit it. */
  readonly claim?: Version | undefined;
  /** MQTT 5 message expiry left, in milliseconds; Infinity for none. */
  readonly expiry: number;
  /** The version of this message, should it be a new write. */
  readonly newVersion: Version;
  /** The broker's rank at first contact: the larger wins. */
  readonly firstContactRank: number;
  /** The broker has not taken what it was sent last under the topic. */
  readonly isBlocked: boolean;
  readonly now: number;
}

/**
 * What is known of a broker when it is connected again.
 * - `none`: it was never seen, so what it retains is older than any live write
 * - `as left`: it has all that it had when we parted, so what differs was written since
 * - `lost`: it came back empty, so what it has was written since, and what it lacks was not deleted
 * - `went back`: it came back with an earlier state, so what differs is old; or the topic alone shows what it held at the
 *   marker or since, and no longer when we parted
 * - `keeps nothing`: it retains no messages. What it *holds* is what was last said there, by us or by others, to
 *   the subscribers of that moment; nothing can be asked of it
 */
export type ReturnState = 'first contact' | 'intact' | 'wiped' | 'rolled back' | 'no retention';

/** A probe answered: what a broker retains under the topic. */
export interface Probed {
  readonly kind: 'probed';
  readonly broker: number;
  /** 'unknown': the broker did not say, which is never the same as 'absent'. */
  readonly found: Found | 'absent' | 'unknown';
  /** The broker held what was found at its marker or since, and no longer when we parted: it went back to it. */
  readonly isRolledBack: boolean;
  /** What it means when something that the broker held is absent: a client deleted it, or the broker lost it. */
  readonly absence: 'deletion' | 'loss';
  readonly newVersion: Version;
  readonly now: number;
}

export interface Found {
  readonly payload: Bytes;
  readonly properties: string | undefined;
  readonly stamp: Version | undefined;
  readonly expiry: number;
}

/** A broker took a publish that will have no echo, because we do not subscribe to the topic there. */
export interface Acknowledged {
  readonly kind: 'acknowledged';
  readonly broker: number;
  readonly version: Version;
}

/** A broker refused a publish with a reason code, or the client could not send it. */
export interface Refused {
  readonly kind: 'refused';
  readonly broker: number;
  readonly version: Version;
}

/** The echo of a publish did not come in time. */
export interface EchoOverdue {
  readonly kind: 'echo-overdue';
  readonly broker: number;
}

/** It is time to look whether a broker still has what we believe. */
export interface ScanDue {
  readonly kind: 'scan-due';
  readonly broker: number;
}

/** A broker can take a publish: has it what it should have? */
export interface Offered {
  readonly kind: 'offered';
  readonly broker: number;
  /** The broker does not take the retained value. */
  readonly isTransientOnly?: boolean;
  readonly now: number;
}

/** The clock was looked at. */
export interface Expired {
  readonly kind: 'expired';
  readonly newVersion: Version;
  readonly now: number;
}

/** A broker has replayed what it retains, after a connect; the topic was, or was not, among it. */
export interface Returned {
  readonly kind: 'returned';
  readonly broker: number;
  readonly returnState: ReturnState;
  readonly replayed: boolean;
  /** What it held at the marker that it came back with. */
  readonly atMarker: AtMarker;
}

/**
 * What a broker held under a topic at its marker, against what it is believed to hold: the same; another message, and
 * something ever since; or it is not known, or was nothing.
 */
export type AtMarker = 'the same' | 'another' | 'not known';

/** The connection was lost before a probe could answer. */
export interface ProbeLost {
  readonly kind: 'probe-lost';
  readonly broker: number;
}

/** What waits to be passed on is too old, and is passed on no more. */
export interface Withheld {
  readonly kind: 'withheld';
}

/** A person has a message written once more that was deleted or overwritten. */
export interface Restored {
  readonly kind: 'restored';
  readonly payload: Bytes;
  readonly properties: string | undefined;
  readonly newVersion: Version;
  readonly now: number;
}

export type Command = Publish | Probe;

export interface Publish {
  readonly kind: 'publish';
  readonly broker: number;
  readonly message: Message;
  readonly retain: boolean;
  readonly qos: QoS;
  /** No echo will come: the acknowledgement has to do. */
  readonly confirm: boolean;
}

/**
 * On what priority a broker is asked what it retains. A `question` is one on whose answer hangs what becomes of a message; a `look`
 * is taken although nothing is known to be amiss, and there may be many.
 */
export type ProbePriority = 'urgent' | 'background';

/** Ask a broker what it retains under the topic. */
export interface Probe {
  readonly kind: 'probe';
  readonly broker: number;
  readonly priority: ProbePriority;
}
