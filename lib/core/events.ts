/**
 * Events and commands: what can happen to a topic, and what the reconciler has to do then.
 *
 * Time and versions come in with the event, so that `step` stays a function. `now` is in milliseconds since 1970.
 */

import type { Message } from './message.ts';
import type { Payload } from './payload.ts';
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
  readonly payload: Payload;
  /** Undefined over MQTT 3.1.1. */
  readonly properties: string | undefined;
  /** Whether it is retained; undefined if that does not show: live over MQTT 3.1.1, or at a broker that drops the flag. */
  readonly retained: boolean | undefined;
  /** The broker is replaying what it retains, after a connect. */
  readonly replay: boolean;
  /** In what state the broker returned: how a replay compares with what it held. */
  readonly returnState: ReturnState;
  /** The version that the message carries, if a replicator wrote it and it is believed. */
  readonly stamp: Version | undefined;
  /** Whether this connection returns stamps. If it does, a message without one is no echo. */
  readonly stamps: boolean;
  /** The stamp says that this replicator published the message. */
  readonly own: boolean;
  /** The version that the message claims to have from us, though its stamp does not fit the message. */
  readonly claim?: Version | undefined;
  /** MQTT 5 message expiry left, in milliseconds; Infinity for none. */
  readonly expiry: number;
  /** The version of this message if it is a new write. */
  readonly newVersion: Version;
  /** The broker's rank at first contact: the larger wins. */
  readonly firstContactRank: number;
  /** The broker did not take the last publish of the topic. */
  readonly isBlocked: boolean;
  readonly now: number;
}

/**
 * The state in which a broker returns, told by the marker that mqttrep left there.
 * - `first contact`: it was never seen, so what it retains is older than any live write
 * - `intact`: it has all that it had at the end of the session, so what differs was written since
 * - `wiped`: it came back empty, so what it has was written since, and what it lacks was not deleted
 * - `rolled back`: it came back with an earlier state. A message that differs is old. An intact broker may have rolled back one
 *   topic: the topic shows a message that the broker held at the marker or later, but not at the end of the session
 * - `no retention`: it retains no messages. It "holds" the last message published to it, and cannot be probed
 */
export type ReturnState = 'first contact' | 'intact' | 'wiped' | 'rolled back' | 'no retention';

/** A broker answered a probe: what it retains under the topic. */
export interface Probed {
  readonly kind: 'probed';
  readonly broker: number;
  /** 'unknown': the broker did not say. That never means 'absent'. */
  readonly found: Found | 'absent' | 'unknown';
  /**
   * The broker held the message at its marker or later, but not at the end of the session. So the broker rolled back to this
   * message.
   */
  readonly isRolledBack: boolean;
  /** What it means if the broker lacks what it held: a client deleted it, or the broker lost it. */
  readonly absence: 'deletion' | 'loss';
  readonly newVersion: Version;
  readonly now: number;
}

/** The message that a broker retains. */
export interface Found {
  readonly payload: Payload;
  readonly properties: string | undefined;
  /** The version that the message carries, if it is believed. */
  readonly stamp: Version | undefined;
  /** MQTT 5 message expiry left, in milliseconds; Infinity for none. */
  readonly expiry: number;
}

/** A broker acknowledged a publish that has no echo, because we do not subscribe to the topic there. */
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

/** Anti-entropy comes to the topic: does the broker still hold what we believe? */
export interface ScanDue {
  readonly kind: 'scan-due';
  readonly broker: number;
}

/** The tick offers the topic to a broker: does it lack anything? */
export interface Offered {
  readonly kind: 'offered';
  readonly broker: number;
  /** The broker does not take the retained value, so only the transient message is offered. */
  readonly isTransientOnly?: boolean;
  readonly now: number;
}

/** The winner may have expired. */
export interface Expired {
  readonly kind: 'expired';
  readonly newVersion: Version;
  readonly now: number;
}

/** A broker has replayed all that it retains, after a connect. */
export interface Returned {
  readonly kind: 'returned';
  readonly broker: number;
  readonly returnState: ReturnState;
  /** The topic was among it. */
  readonly replayed: boolean;
  readonly atMarker: AtMarker;
}

/**
 * The message that a broker held at its marker, compared with the message that it is believed to hold.
 * - `the same`: that message
 * - `another`: another message, and the broker held some message ever since
 * - `not known`: nothing, or mqttrep does not know it
 */
export type AtMarker = 'the same' | 'another' | 'not known';

/** No answer to the open probe will come: the connection ended, or the answer is not to be believed yet. */
export interface ProbeLost {
  readonly kind: 'probe-lost';
  readonly broker: number;
}

/** mqttrep does not pass the transient message on any more. The message is too old, or it circles. */
export interface Withheld {
  readonly kind: 'withheld';
}

/** A person restores a message that was deleted or overwritten. */
export interface Restored {
  readonly kind: 'restored';
  readonly payload: Payload;
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
  /** No echo will come, so the acknowledgement is brought back as an event. */
  readonly hasNoEcho: boolean;
}

/**
 * The priority of a probe. The fate of a message depends on the answer to an `urgent` one. A `background` probe is sent though
 * no fault is known, and there may be many of them.
 */
export type ProbePriority = 'urgent' | 'background';

/** Asks a broker what it retains under the topic. */
export interface Probe {
  readonly kind: 'probe';
  readonly broker: number;
  readonly priority: ProbePriority;
}
