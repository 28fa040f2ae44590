/**
 * The register: all that is known of one topic.
 *
 * Two things travel under a topic name and are kept apart, as a broker does: its *retained* message, which
 * is state and must end equal everywhere, and messages *passing* through, which are not retained and only
 * need to be handed on. Registers are immutable; `step` makes the next one.
 */

import type { BrokerSet } from './policy.ts';
import { compareVersions, type Version } from './version.ts';

/** Bytes as a string: each character is one byte, 0…255. Cheap to keep and to compare. */
export type Bytes = string;

export interface Message {
  /** Empty in a retained message: the topic was deleted. */
  readonly payload: Bytes;
  /**
   * MQTT 5 properties that travel with the message, as canonical JSON; empty for none. Undefined when it
   * was seen over MQTT 3.1.1, which cannot show them.
   */
  readonly properties: string | undefined;
  readonly version: Version;
  /** Index of the broker it was written at; `NOBODY` for mqttrep itself, which writes only expirations. */
  readonly origin: number;
  /** When MQTT 5 lets it expire, at the brokers too: milliseconds since 1970; Infinity for never. */
  readonly messageExpiresAt: number;
  /** When its TTL is over, and we erase it: milliseconds since 1970; Infinity for never. */
  readonly ttlExpiresAt: number;
}

/** What a broker retains under the topic, as far as is known. */
export type Held = Message | 'unknown' | 'absent';

/** A publish of ours that has not been seen back. */
export interface Pending {
  readonly broker: number;
  readonly retained: boolean;
  readonly message: Message;
}

/** The newest message that is not retained, and who has still to get it. */
export interface Transient {
  readonly message: Message;
  readonly recipients: BrokerSet;
  /** When it was received, in milliseconds since 1970. */
  readonly since: number;
}

/** What a broker delivered last, while it is asked whether it retained that. */
export interface UnresolvedWrite {
  readonly broker: number;
  readonly payload: Bytes;
  /** By when it was seen: the answer comes later than what others wrote meanwhile. */
  readonly version: Version;
  /** What the broker was known to retain before that counted as retained there; undefined where it does not. */
  readonly before: Message | undefined;
  /**
   * When an empty message came here under a topic that the broker is believed to retain: a deletion if the topic is found
   * absent, else a question of its client. Of several the first; undefined where none came.
   */
  readonly emptied: Version | undefined;
  /** The topic was found absent then, while a publish of ours was on its way there: its echo, or the next answer, decides. */
  readonly awaitsEcho?: true;
}

export interface Register {
  /** The reconciled retained message (a deletion has an empty payload); undefined while none was ever seen. */
  readonly winner: Message | undefined;
  /**
   * The last deletion before the winner: whatever is older was deleted with it, and never wins again. Undefined
   * while none is known; a winner that is a deletion speaks for itself.
   */
  readonly tombstone: Version | undefined;
  readonly transient: Transient | undefined;
  /** By broker index. */
  readonly held: readonly Held[];
  /** FIFO for each broker; those of different brokers may be interleaved. */
  readonly pending: readonly Pending[];
  /** Brokers that a probe is asking what they retain. Nothing retained is offered to them meanwhile. */
  readonly probing: BrokerSet;
  /** Of these, the brokers that delivered something under the topic since: the answer may be older than that. */
  readonly staleProbes: BrokerSet;
  /** What came without a retain flag to go by, and is to be asked for: the last of each broker. */
  readonly unresolved: readonly UnresolvedWrite[];
  /** Brokers at which a message came without a retain flag to go by, and a probe found that it was not retained. */
  readonly unretained: BrokerSet;
}

/** The origin of what mqttrep itself writes. */
export const NOBODY = -1;

/** Publishes to one broker that may be on their way at once, for one topic. Past it the newest value waits. */
export const MAX_PENDING = 32;

/** A message that is not retained is not handed on any more after so many milliseconds. */
export const MAX_TRANSIENT_AGE_MS = 60_000;

const NOTHING_PENDING: readonly Pending[] = [];
const NOTHING_UNRESOLVED: readonly UnresolvedWrite[] = [];

export function emptyRegister(brokers: number): Register {
  return {
    winner: undefined,
    tombstone: undefined,
    transient: undefined,
    held: new Array<Held>(brokers).fill('unknown'),
    pending: NOTHING_PENDING,
    probing: 0,
    staleProbes: 0,
    unresolved: NOTHING_UNRESOLVED,
    unretained: 0,
  };
}

/**
 * Whether nothing is under way, and each broker holds the winner, or nothing, or is not known: the winner and what
 * each broker has of it are all that there is to keep.
 */
export function isAtRest(register: Register): boolean {
  const { winner, tombstone, transient, held, pending, probing, staleProbes, unresolved } = register;
  if (winner === undefined || tombstone !== undefined || transient !== undefined) return false;
  if (pending.length > 0 || unresolved.length > 0 || (probing | staleProbes) !== 0) return false;
  for (const one of held) if (typeof one === 'object' && one !== winner) return false;
  return true;
}

/** The register of a topic at rest. */
export function atRest(winner: Message, held: readonly Held[], unretained: BrokerSet): Register {
  return {
    winner,
    tombstone: undefined,
    transient: undefined,
    held,
    pending: NOTHING_PENDING,
    probing: 0,
    staleProbes: 0,
    unresolved: NOTHING_UNRESOLVED,
    unretained,
  };
}

/** With room for more brokers, of which nothing is known. */
export function withRoom(register: Register, brokers: number): Register {
  const more = brokers - register.held.length;
  if (more <= 0) return register;
  return { ...register, held: [...register.held, ...new Array<Held>(more).fill('unknown')] };
}

export function isDeletion(message: Pick<Message, 'payload'>): boolean {
  return message.payload === '';
}

/** What a broker holds once it has stored a retained message. */
export function heldAfter(message: Message): Held {
  return isDeletion(message) ? 'absent' : message;
}

/** Whether two messages look alike to a subscriber. Unknown properties equal any. */
export function haveSameContent(
  a: Pick<Message, 'payload' | 'properties'>,
  b: Pick<Message, 'payload' | 'properties'>,
): boolean {
  return (
    a.payload === b.payload &&
    (a.properties === b.properties || a.properties === undefined || b.properties === undefined)
  );
}

/** Whether a broker that holds `held` has what `winner` says. */
export function isInSync(held: Held, winner: Message): boolean {
  if (held === winner) return true;
  if (held === 'unknown') return false;
  if (held === 'absent') return isDeletion(winner);
  return haveSameContent(held, winner) && haveSameExpiry(held, winner);
}

/** Message expiry is in whole seconds, and takes time to travel. */
const EXPIRY_TOLERANCE_MS = 2_000;

/** Unknown properties go with an unknown expiry. */
function haveSameExpiry(a: Message, b: Message): boolean {
  if (a.messageExpiresAt === b.messageExpiresAt || a.properties === undefined || b.properties === undefined)
    return true;
  return Math.abs(a.messageExpiresAt - b.messageExpiresAt) <= EXPIRY_TOLERANCE_MS;
}

/** When the winner's time is over, one way or the other. */
export function expiryOf(message: Message): number {
  return Math.min(message.messageExpiresAt, message.ttlExpiresAt);
}

/** What the broker will hold when all that is pending has arrived there. */
export function willHold(register: Register, broker: number): Held {
  for (let index = register.pending.length - 1; index >= 0; index--) {
    const entry = register.pending[index];
    if (entry?.broker === broker && entry.retained) return heldAfter(entry.message);
  }
  return register.held[broker] ?? 'unknown';
}

/** Publishes to one broker that have not been seen back. */
export function pendingAt(register: Register, broker: number): number {
  let count = 0;
  for (const entry of register.pending) if (entry.broker === broker) count++;
  return count;
}

/** What is pending without that at a broker up to and with `last` (an index into `pending`). */
export function withoutPending(register: Register, broker: number, last: number): readonly Pending[] {
  return keepPending(register, (entry, index) => entry.broker !== broker || index > last);
}

/** What is pending without the retained messages on their way to a broker. */
export function withoutRetained(register: Register, broker: number): readonly Pending[] {
  return keepPending(register, entry => entry.broker !== broker || !entry.retained);
}

/** What is pending without the messages that are not retained, at a broker up to and with `last`. */
export function withoutTransient(register: Register, broker: number, last: number): readonly Pending[] {
  return keepPending(register, (entry, index) => entry.broker !== broker || entry.retained || index > last);
}

/** The same array where all are kept, so that one can see that nothing changed. */
function keepPending(
  { pending }: Register,
  keep: (entry: Pending, index: number) => boolean,
): readonly Pending[] {
  const kept = pending.filter(keep);
  if (kept.length === pending.length) return pending;
  return kept.length === 0 ? NOTHING_PENDING : kept;
}

/**
 * What the broker was last known to retain, where it has since delivered what only counts as retained; undefined
 * where that is what it holds.
 */
export function heldBefore({ held, unresolved }: Register, broker: number): Message | undefined {
  const question = unresolved.find(one => one.broker === broker);
  const holds = held[broker];
  const payload = typeof holds === 'object' ? holds.payload : holds === 'absent' ? '' : undefined;
  return question?.payload === payload ? question?.before : undefined;
}

/** When an empty message came at the broker of which it is not known yet whether it deleted the topic. */
export function emptiedAt({ unresolved }: Register, broker: number): Version | undefined {
  return unresolved.find(one => one.broker === broker)?.emptied;
}

/** What is in question, with this in place of what the broker delivered before. */
export function withUnresolved(register: Register, question: UnresolvedWrite): readonly UnresolvedWrite[] {
  return [...withoutUnresolved(register, question.broker), question];
}

/** What is in question without that of a broker. */
export function withoutUnresolved({ unresolved }: Register, broker: number): readonly UnresolvedWrite[] {
  if (!unresolved.some(one => one.broker === broker)) return unresolved;
  const kept = unresolved.filter(one => one.broker !== broker);
  return kept.length === 0 ? NOTHING_UNRESOLVED : kept;
}

/** Without an empty message at the broker of which it was not known whether it deleted the topic. */
export function withoutEmptied(register: Register, broker: number): Register {
  if (emptiedAt(register, broker) === undefined) return register;
  return { ...register, unresolved: withoutUnresolved(register, broker) };
}

export function withHeld(register: Register, broker: number, held: Held): readonly Held[] {
  return register.held[broker] === held ? register.held : register.held.with(broker, held);
}

export function isNewer(a: Version, b: Version): boolean {
  return compareVersions(a, b) > 0;
}
