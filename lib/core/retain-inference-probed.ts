/** A probe answers, and the write is resolved that did not show whether it is retained. */

import type { EffectOf } from './effects.ts';
import type { Found, Probed, ProbeLost } from './events.ts';
import { merge, trustedStamp } from './merge.ts';
import { afterTtl, deletion, haveSameContent, isDeletion, type Message } from './message.ts';
import { type Outcome, outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { isContradicted, knownAt, probed, probeLost, sendProbe, withAnswer } from './probes.ts';
import {
  hasStaleProbe,
  heldWith,
  isProbing,
  probesWithout,
  type Register,
  type Transient,
} from './register.ts';
import { replaceHeld, replaceProbes, replaceTransient } from './register-changes.ts';
import {
  heldBefore,
  type UnresolvedWrite,
  unresolvedAt,
  type WriteAfterEmpty,
  withoutUnresolved,
  withUnresolved,
  withUnretained,
} from './retain-inference.ts';
import { wroteLast } from './retain-inference-observed.ts';
import type { Version } from './version.ts';

type Answered = Outcome<EffectOf<'probed'>>;

/** The rule for an answer (`probed`), and what it tells of a write that the broker delivered without a retain flag. */
export function inferredFromProbe(register: Register, event: Probed, policy: Policy): Answered {
  const { broker, found } = event;
  if (found === 'unknown') return countedAsRetained(probed(register, event, policy).register, broker, policy);
  return found === 'absent'
    ? inferredFromAbsence(register, event, policy)
    : inferredFromFinding(register, event, found, policy);
}

// ── the broker retains nothing ─────────────────────────────────────────────────────────────────────────

function inferredFromAbsence(register: Register, event: Probed, policy: Policy): Answered {
  const { broker } = event;
  const write = unresolvedAt(register, broker);
  if (write?.kind === 'after empty' && !isContradicted(register, broker))
    return absentAfterEmpty(register, write, policy);
  const result = probed(register, event, policy);
  if (isProbing(result.register, broker)) return result;
  const resolved = withoutUnresolved(result.register, broker);
  const isUnretained = result.effect === 'updated' && wroteLast(register, broker, policy);
  return { ...result, register: isUnretained ? unretainedAlsoAt(resolved, broker) : resolved };
}

/**
 * An empty message came, and the broker no longer retains the topic. So a client deleted the topic. If a retained publish of ours
 * is pending there, the answer decides nothing yet. If the echo of the publish comes, the broker stored the publish after the
 * deletion. If the next probe finds nothing, it did not.
 */
function absentAfterEmpty(register: Register, write: WriteAfterEmpty, policy: Policy): Answered {
  const { broker, emptied } = write;
  const next = withAnswer(register, broker);
  if (!write.isEchoAwaited && next.pending.length < register.pending.length) {
    const waiting = withUnresolved(register, { ...write, isEchoAwaited: true });
    return outcome(replaceProbes(waiting, probesWithout(register, broker)), 'updated');
  }
  const resolved = withoutUnresolved(next, broker);
  const base = wroteLast(register, broker, policy) ? unretainedAlsoAt(resolved, broker) : resolved;
  const deleted = replaceTransient(base, withoutEmptyMessage(register, broker));
  const candidate = { broker, stored: true, refreshes: false };
  return { ...merge(deleted, deletion(emptied, broker), candidate, policy), deletionProven: true };
}

/** The deletion tells subscribers what the empty message would. It stays known, since copies of it may come back. */
function withoutEmptyMessage({ transient }: Register, broker: number): Transient | undefined {
  if (transient === undefined || transient.message.origin !== broker || !isDeletion(transient.message))
    return transient;
  const { message, since } = transient;
  return { message, recipients: 0, since };
}

function unretainedAlsoAt(register: Register, broker: number): Register {
  return withUnretained(register, register.inference.unretained | (1 << broker));
}

// ── the broker retains a message ───────────────────────────────────────────────────────────────────────

function inferredFromFinding(register: Register, event: Probed, found: Found, policy: Policy): Answered {
  const { broker } = event;
  if (hasStaleProbe(register, broker)) return foundByStaleProbe(register, event, policy);
  if (knownAt(register, broker, found) !== undefined) {
    const { register: next, effect } = probed(register, event, policy);
    const resolved = withoutUnresolved(next, broker);
    const isTransient = passedFrom(register, broker)?.payload === found.payload;
    return outcome(isTransient ? withoutPassed(resolved, broker) : resolved, effect);
  }
  const before = heldBefore(register, broker);
  if (before !== undefined && haveSameContent(before, found)) {
    const resolved = unretainedAlsoAt(withoutUnresolved(withAnswer(register, broker), broker), broker);
    return outcome(replaceHeld(resolved, heldWith(register, broker, before)), 'updated');
  }
  return foundNew(register, event, found, policy);
}

/**
 * The topic is retained there. A message that was delivered with the same payload gives its version to the message that was
 * found. If an empty message came before it, the topic was deleted and then written.
 */
function foundNew(register: Register, event: Probed, found: Found, policy: Policy): Answered {
  const { broker } = event;
  const write = unresolvedAt(register, broker);
  const delivered = deliveredAs(write ?? passedFrom(register, broker), found);
  const isRolledBack = delivered === undefined && event.isRolledBack;
  const answer: Probed = {
    ...event,
    found: { ...found, stamp: trustedStamp(register, { ...found, broker }) },
    isRolledBack,
    newVersion: delivered ?? event.newVersion,
  };
  const resolved = withoutUnresolved(withoutPassed(register, broker), broker);
  const base = withUnretained(resolved, resolved.inference.unretained & ~(1 << broker));
  if (write?.kind !== 'after empty' || event.isRolledBack) return probed(base, answer, policy);
  const candidate = { broker, stored: true, refreshes: false };
  const deleted = merge(base, deletion(write.emptied, broker), candidate, policy);
  return probed(deleted.register, answer, policy);
}

/** The version of a message that the broker delivered, if it is the one that was found. */
function deliveredAs(delivered: UnresolvedWrite | Message | undefined, found: Found): Version | undefined {
  return delivered?.payload === found.payload ? delivered.version : undefined;
}

/**
 * Something was found, and the broker delivered another message after the probe was sent. If we know no earlier message of the
 * topic there, the delivered message is retained too, and newer. Otherwise mqttrep probes again.
 */
function foundByStaleProbe(register: Register, event: Probed, policy: Policy): Answered {
  const { broker, now } = event;
  if (unresolvedAt(register, broker)?.kind === 'after empty') return sendProbe(register, broker, 'urgent');
  const latest = passedFrom(register, broker);
  if (register.held[broker] === 'unknown' && latest !== undefined && !isDeletion(latest)) {
    const next = withoutUnresolved(withAnswer(withoutPassed(register, broker), broker), broker);
    const { payload, properties, version, origin, messageExpiresAt } = latest;
    const ttlExpiresAt = afterTtl(now, policy.ttl);
    const message = { payload, properties, version, origin, messageExpiresAt, ttlExpiresAt };
    return merge(next, message, { broker, stored: true, refreshes: false }, policy);
  }
  const result = probed(register, event, policy);
  if (isProbing(result.register, broker)) return result;
  return outcome(withoutUnresolved(withoutPassed(result.register, broker), broker), result.effect);
}

/** The transient message, if it came from a client of the broker. */
function passedFrom({ transient }: Register, broker: number): Message | undefined {
  return transient?.message.origin === broker ? transient.message : undefined;
}

/** The broker retains the topic, so a transient message from there is retained too, and goes out as such. */
function withoutPassed(register: Register, broker: number): Register {
  const passed = passedFrom(register, broker);
  return passed === undefined || isDeletion(passed) ? register : replaceTransient(register, undefined);
}

// ── the broker does not say ────────────────────────────────────────────────────────────────────────────

/**
 * The broker does not say whether it retains an unresolved write. If other brokers retain the topic, the write counts as
 * retained. Otherwise it could be lost. The broker does not count as holding it: a later absence would look like a deletion. If
 * nobody is known to retain the topic, the write stays unresolved.
 */
function countedAsRetained(register: Register, broker: number, policy: Policy): Answered {
  const { winner } = register;
  const write = unresolvedAt(register, broker);
  if (write === undefined) return outcome(register, 'updated');
  const isEmpty = write.payload === '';
  // Only an answer may tell whether it is a deletion.
  if (isEmpty && write.kind === 'after empty') return outcome(register, 'updated');
  const resolved = withoutUnresolved(register, broker);
  if (isEmpty) return outcome(resolved, 'updated');
  if (winner === undefined || isDeletion(winner))
    return outcome(policy.retain ? resolved : register, 'updated');
  const message: Message = {
    payload: write.payload,
    properties: undefined,
    version: write.version,
    origin: broker,
    messageExpiresAt: Number.POSITIVE_INFINITY,
    ttlExpiresAt: afterTtl(write.version.time, policy.ttl),
  };
  return merge(resolved, message, { broker, stored: false, refreshes: false }, policy);
}

/** Where the topic has just turned out to be retained, unresolved writes at brokers that did not say count as retained. */
export function withInferences<E extends EffectOf<'observed' | 'probed'>>(
  before: Register,
  result: Outcome<E>,
  policy: Policy,
): Outcome<E> {
  const { winner, inference } = result.register;
  if (inference.unresolved.length === 0 || winner === before.winner || policy.retain) return result;
  let all = result;
  for (const { broker } of inference.unresolved) {
    if (isProbing(result.register, broker)) continue;
    const { effect, commands } = all;
    all = { ...all, ...countedAsRetained(all.register, broker, policy), effect, commands };
  }
  return all;
}

/** No answer comes. An unresolved write stays what it counts as; an empty message deleted nothing. */
export function probeLostAt(register: Register, event: ProbeLost): Outcome<'updated' | 'idle'> {
  const result = probeLost(register, event);
  const isAfterEmpty = unresolvedAt(register, event.broker)?.kind === 'after empty';
  if (result.effect === 'idle' && !isAfterEmpty) return result;
  return outcome(withoutUnresolved(result.register, event.broker), 'updated');
}
