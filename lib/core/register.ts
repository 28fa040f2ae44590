/**
 * The register: all that is known of one topic.
 *
 * Two kinds of messages travel under a topic name, and a broker keeps them apart, as the register does. The *retained*
 * message is state: it must end equal at all brokers. *Transient* messages are not retained, and are only passed on.
 * Registers are immutable; `step` makes the next one.
 */

import { type Held, heldAfter, type Message } from './message.ts';
import type { BrokerSet } from './policy.ts';
import { replaceHeld, replaceProbes } from './register-changes.ts';
import { NO_INFERENCE, type RetainInference, unretainedAt } from './retain-inference.ts';
import type { Version } from './version.ts';

export {
  expiryOf,
  type Held,
  haveSameContent,
  heldAfter,
  isDeletion,
  isInSync,
  type Message,
  NOBODY,
} from './message.ts';

/** A publish of ours of which the broker has not delivered the echo. */
export interface Pending {
  readonly broker: number;
  readonly retained: boolean;
  readonly message: Message;
}

/** The newest transient message, and the brokers to which it has still to be passed on. */
export interface Transient {
  readonly message: Message;
  readonly recipients: BrokerSet;
  /** When it was received, in milliseconds since 1970. */
  readonly since: number;
}

/** A question to a broker: what does it retain under the topic? */
export interface OpenProbe {
  readonly broker: number;
  /** The broker has delivered a message of the topic since: the answer may be older than that message. */
  readonly isStale: boolean;
}

export interface Register {
  /** The retained message that all brokers are to hold. A deletion has an empty payload. Undefined until one is seen. */
  readonly winner: Message | undefined;
  /**
   * The last deletion before the winner: what is older was deleted with it, and never wins again. Undefined while none
   * is known. A winner that is a deletion needs none.
   */
  readonly tombstone: Version | undefined;
  readonly transient: Transient | undefined;
  /** By broker index. */
  readonly held: readonly Held[];
  /** In the order of publishing. Entries of different brokers may be interleaved. */
  readonly pending: readonly Pending[];
  /** Open probes, one for a broker at most. No retained message is published to that broker meanwhile. */
  readonly probes: readonly OpenProbe[];
  /** Conclusions about messages that do not show whether they are retained; `NO_INFERENCE` where there are none. */
  readonly inference: RetainInference;
}

/** The limit of publishes to one broker that may be pending at once, for one topic. Past it only the newest value waits. */
export const MAX_PENDING = 32;

/** A transient message that is older than this is not passed on any more. */
export const MAX_TRANSIENT_AGE_MS = 60_000;

const NO_PENDING: readonly Pending[] = [];
const NO_PROBES: readonly OpenProbe[] = [];

export function emptyRegister(brokers: number): Register {
  return {
    winner: undefined,
    tombstone: undefined,
    transient: undefined,
    held: new Array<Held>(brokers).fill('unknown'),
    pending: NO_PENDING,
    probes: NO_PROBES,
    inference: NO_INFERENCE,
  };
}

/**
 * Whether nothing is pending, and no broker is known to hold another message than the winner. Such a register consists of the
 * winner, `held` and `inference.unretained`.
 */
export function isAtRest(register: Register): boolean {
  const { winner, tombstone, transient, held, pending, probes, inference } = register;
  if (winner === undefined || tombstone !== undefined || transient !== undefined) return false;
  if (pending.length > 0 || probes.length > 0 || inference.unresolved.length > 0) return false;
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
    pending: NO_PENDING,
    probes: NO_PROBES,
    inference: unretainedAt(unretained),
  };
}

/**
 * The register without what ends with the process: the transient message, transient publishes, open probes and unresolved
 * writes. The same register if it has none of these.
 */
export function asStored(register: Register): Register {
  const { transient, pending, probes, inference } = register;
  const retained = pending.filter(entry => entry.retained);
  const isStored = transient === undefined && probes.length === 0 && inference.unresolved.length === 0;
  if (isStored && retained.length === pending.length) return register;
  const { winner, tombstone, held } = register;
  return {
    winner,
    tombstone,
    transient: undefined,
    held,
    pending: retained.length === pending.length ? pending : retained,
    probes: NO_PROBES,
    inference: unretainedAt(inference.unretained),
  };
}

/** The register with room for more brokers, of which nothing is known. */
export function withRoom(register: Register, brokers: number): Register {
  const more = brokers - register.held.length;
  if (more <= 0) return register;
  return replaceHeld(register, [...register.held, ...new Array<Held>(more).fill('unknown')]);
}

/** Not by `Array.prototype.with`: V8 does not optimize it for arrays that were made by `fill`. */
export function heldWith(register: Register, broker: number, held: Held): readonly Held[] {
  if (register.held[broker] === held) return register.held;
  const next = register.held.slice();
  next[broker] = held;
  return next;
}

// ── pending publishes ──────────────────────────────────────────────────────────────────────────────────

/** What the broker holds once all pending publishes have arrived there. */
export function willHold(register: Register, broker: number): Held {
  for (let index = register.pending.length - 1; index >= 0; index--) {
    const entry = register.pending[index];
    if (entry?.broker === broker && entry.retained) return heldAfter(entry.message);
  }
  return register.held[broker] ?? 'unknown';
}

/** How many publishes to one broker are pending. */
export function pendingAt(register: Register, broker: number): number {
  let count = 0;
  for (const entry of register.pending) if (entry.broker === broker) count++;
  return count;
}

export function isRetainedPending({ pending }: Register, broker: number): boolean {
  return pending.some(entry => entry.broker === broker && entry.retained);
}

/** The pending publishes without those to a broker, up to and with index `last`. */
export function pendingWithout(register: Register, broker: number, last: number): readonly Pending[] {
  return keepPending(register, (entry, index) => entry.broker !== broker || index > last);
}

/** The pending publishes without the retained ones to a broker. */
export function pendingWithoutRetained(register: Register, broker: number): readonly Pending[] {
  return keepPending(register, entry => entry.broker !== broker || !entry.retained);
}

/** The pending publishes without the transient ones to a broker, up to and with index `last`. */
export function pendingWithoutTransient(
  register: Register,
  broker: number,
  last: number,
): readonly Pending[] {
  return keepPending(register, (entry, index) => entry.broker !== broker || entry.retained || index > last);
}

/** Returns the same array if all are kept, so that a caller can see that nothing changed. */
function keepPending(
  { pending }: Register,
  keep: (entry: Pending, index: number) => boolean,
): readonly Pending[] {
  if (pending.length === 0) return pending;
  const kept = pending.filter(keep);
  if (kept.length === pending.length) return pending;
  return kept.length === 0 ? NO_PENDING : kept;
}

// ── open probes ────────────────────────────────────────────────────────────────────────────────────────

export function isProbing({ probes }: Register, broker: number): boolean {
  return probes.length > 0 && probes.some(probe => probe.broker === broker);
}

/** Whether a probe of the broker is open whose answer may be older than a message that the broker delivered. */
export function hasStaleProbe({ probes }: Register, broker: number): boolean {
  return probes.length > 0 && probes.some(probe => probe.broker === broker && probe.isStale);
}

/** The register with a new probe of the broker, in place of an open one. */
export function withProbe(register: Register, broker: number): Register {
  return replaceProbes(register, [...probesWithout(register, broker), { broker, isStale: false }]);
}

/** The open probes without that of a broker. */
export function probesWithout({ probes }: Register, broker: number): readonly OpenProbe[] {
  if (probes.length === 0) return probes;
  const kept = probes.filter(probe => probe.broker !== broker);
  return kept.length === 0 ? NO_PROBES : kept;
}

/** The register once the broker has delivered a message: its open probe, if there is one, becomes stale. */
export function withStaleProbe(register: Register, broker: number): Register {
  const { probes } = register;
  if (probes.length === 0 || !probes.some(probe => probe.broker === broker && !probe.isStale))
    return register;
  const stale = probes.map(probe => (probe.broker === broker ? { broker, isStale: true } : probe));
  return replaceProbes(register, stale);
}
