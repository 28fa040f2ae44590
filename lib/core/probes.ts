/** mqttrep asks a broker what it retains: when an echo is overdue, after a return, and from time to time. */

import type { EffectOf } from './effects.ts';
import type { EchoOverdue, Found, Probed, ProbeLost, ProbePriority, ScanDue } from './events.ts';
import { merge, trustedStamp } from './merge.ts';
import { afterTtl, deletion, haveSameContent, isInSync, type Message } from './message.ts';
import { type Outcome, outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import {
  hasStaleProbe,
  heldWith,
  isProbing,
  isRetainedPending,
  pendingAt,
  pendingWithout,
  pendingWithoutRetained,
  probesWithout,
  type Register,
  withProbe,
} from './register.ts';
import { replaceHeld, replacePending, replaceProbes } from './register-changes.ts';
import type { Version } from './version.ts';

/** The version of a message to which a broker rolled back: what overwrote it is newer. */
const OLDEST: Version = { time: 0, counter: 0, replica: '' };

export function sendProbe(register: Register, broker: number, priority: ProbePriority): Outcome<'updated'> {
  return {
    register: withProbe(register, broker),
    effect: 'updated',
    commands: [{ kind: 'probe', broker, priority }],
  };
}

export function echoOverdue(register: Register, { broker }: EchoOverdue): Outcome<'updated' | 'idle'> {
  if (pendingAt(register, broker) === 0 || isProbing(register, broker)) return outcome(register, 'idle');
  if (isRetainedPending(register, broker)) return sendProbe(register, broker, 'urgent');
  // A transient message leaves no trace that a probe could find.
  const pending = pendingWithout(register, broker, register.pending.length);
  return outcome(replacePending(register, pending), 'updated');
}

/** mqttrep probes the broker if nothing is pending there and no probe is open. */
export function scanDue(register: Register, { broker }: ScanDue): Outcome<'updated' | 'idle'> {
  const isBusy = pendingAt(register, broker) > 0 || isProbing(register, broker);
  return isBusy ? outcome(register, 'idle') : sendProbe(register, broker, 'background');
}

export function probeLost(register: Register, { broker }: ProbeLost): Outcome<'updated' | 'idle'> {
  if (!isProbing(register, broker)) return outcome(register, 'idle');
  return outcome(replaceProbes(register, probesWithout(register, broker)), 'updated');
}

/**
 * A broker tells what it retains now. A stale answer counts only if it agrees with the message that the broker delivered after
 * the probe was sent.
 */
export function probed(register: Register, event: Probed, policy: Policy): Outcome<EffectOf<'probed'>> {
  const { broker, found } = event;
  if (found === 'unknown') return unanswered(register, broker);
  return found === 'absent' ? absentAt(register, event, policy) : foundAt(register, event, found, policy);
}

/**
 * The register once the broker has answered. Each retained publish that was pending is decided: it was found, or it was
 * overwritten, or it never arrived. None was sent while the probe was open.
 */
export function withAnswer(register: Register, broker: number): Register {
  const answered = replaceProbes(register, probesWithout(register, broker));
  return replacePending(answered, pendingWithoutRetained(register, broker));
}

function unanswered(register: Register, broker: number): Outcome<'updated'> {
  const next = withAnswer(register, broker);
  const wasPending = next.pending.length < register.pending.length;
  return outcome(wasPending ? replaceHeld(next, heldWith(register, broker, 'unknown')) : next, 'updated');
}

function absentAt(
  register: Register,
  { broker, absence, newVersion }: Probed,
  policy: Policy,
): Outcome<EffectOf<'probed'>> {
  if (isContradicted(register, broker)) return sendProbe(register, broker, 'urgent');
  const next = withAnswer(register, broker);
  if (absence === 'deletion' && isConfirmedAt(register, broker)) {
    return merge(next, deletion(newVersion, broker), { broker, stored: true, refreshes: false }, policy);
  }
  return outcome(replaceHeld(next, heldWith(register, broker, 'absent')), 'updated');
}

/** Whether an absence is contradicted by a message that the broker delivered after the probe was sent. */
export function isContradicted(register: Register, broker: number): boolean {
  return hasStaleProbe(register, broker) && typeof register.held[broker] === 'object';
}

/**
 * Whether the broker held the winner, and no retained publish was pending there. Otherwise the deletion could be older than the
 * winner.
 */
function isConfirmedAt(register: Register, broker: number): boolean {
  const holds = register.held[broker];
  if (typeof holds !== 'object' || isRetainedPending(register, broker)) return false;
  return register.winner !== undefined && isInSync(holds, register.winner);
}

function foundAt(
  register: Register,
  event: Probed,
  found: Found,
  policy: Policy,
): Outcome<EffectOf<'probed'>> {
  const { broker, now } = event;
  const next = withAnswer(register, broker);
  if (hasStaleProbe(register, broker)) {
    const holds = register.held[broker];
    const isAsHeld = typeof holds === 'object' && haveSameContent(holds, found);
    return isAsHeld ? outcome(next, 'updated') : sendProbe(register, broker, 'urgent');
  }
  const known = knownAt(register, broker, found);
  if (known !== undefined) return outcome(replaceHeld(next, heldWith(register, broker, known)), 'updated');
  const message: Message = {
    payload: found.payload,
    properties: found.properties,
    version: trustedStamp(register, { ...found, broker }) ?? (event.isRolledBack ? OLDEST : event.newVersion),
    origin: broker,
    messageExpiresAt: now + found.expiry,
    ttlExpiresAt: afterTtl(now, policy.ttl),
  };
  return merge(next, message, { broker, stored: true, refreshes: false }, policy);
}

/** The message that was found, if we know it: as pending there, as the winner, or as what the broker held before. */
export function knownAt(register: Register, broker: number, found: Found): Message | undefined {
  const pending = register.pending.findLast(
    e => e.broker === broker && e.retained && haveSameContent(e.message, found),
  );
  if (pending !== undefined) return pending.message;
  if (register.winner !== undefined && haveSameContent(register.winner, found)) return register.winner;
  const holds = register.held[broker];
  return typeof holds === 'object' && haveSameContent(holds, found) ? holds : undefined;
}
