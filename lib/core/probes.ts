/**
 * What a broker retains is asked: when an echo is overdue, when a broker returns, and when MQTT 3.1.1 does
 * not show whether a message is retained.
 */

import type { Found, Probed, ProbePriority, Returned } from './events.ts';
import { afterTtl, deletion, merge, trustedStamp } from './merge.ts';
import { type Outcome, outcome } from './outcome.ts';
import { has, type Policy } from './policy.ts';
import {
  emptiedAt,
  haveSameContent,
  heldBefore,
  isDeletion,
  isInSync,
  isNewer,
  type Message,
  pendingAt,
  type Register,
  type Transient,
  withHeld,
  withoutEmptied,
  withoutPending,
  withoutRetained,
  withoutTransient,
  withoutUnresolved,
  withUnresolved,
} from './register.ts';
import type { Version } from './version.ts';

export function overdue(register: Register, broker: number): Outcome {
  if (pendingAt(register, broker) === 0 || has(register.probing, broker)) return outcome(register, 'idle');
  if (register.pending.some(entry => entry.broker === broker && entry.retained))
    return sendProbe(register, broker, 'urgent');
  // What is not retained leaves no trace to ask for.
  return outcome(
    { ...register, pending: withoutPending(register, broker, register.pending.length) },
    'updated',
  );
}

export function sendProbe(register: Register, broker: number, priority: ProbePriority): Outcome {
  return {
    register: {
      ...register,
      probing: register.probing | (1 << broker),
      staleProbes: register.staleProbes & ~(1 << broker),
    },
    effect: 'updated',
    commands: [{ kind: 'probe', broker, priority: priority }],
  };
}

/**
 * A probe tells what the broker retains now. Whatever retained message was pending there is decided: it is
 * what was found, or it was overwritten, or it never arrived; and none was sent since the probe was asked for.
 */
export function probed(register: Register, event: Probed, policy: Policy): Outcome {
  const { broker, found } = event;
  const next: Register = {
    ...register,
    probing: register.probing & ~(1 << broker),
    unresolved: withoutUnresolved(register, broker),
    pending: withoutRetained(register, broker),
  };
  const wasPending = next.pending.length < register.pending.length;
  if (found === 'unknown') {
    const unknown = wasPending ? { ...next, held: withHeld(register, broker, 'unknown') } : next;
    return inferRetained({ ...unknown, unresolved: register.unresolved }, broker, policy);
  }
  return found === 'absent'
    ? absentThere(register, next, event, policy)
    : foundThere(
        register,
        next,
        { broker, found, isOld: event.isRolledBack, now: event.now },
        event.newVersion,
        policy,
      );
}

/** @param next the register without what the answer has decided */
function absentThere(
  register: Register,
  next: Register,
  { broker, absence, newVersion }: Probed,
  policy: Policy,
): Outcome {
  if (has(register.staleProbes, broker) && typeof register.held[broker] === 'object')
    return sendProbe(register, broker, 'urgent');
  const emptied = emptiedAt(register, broker);
  if (emptied !== undefined) return emptiedThere(register, next, broker, emptied, policy);
  if (absence === 'deletion' && isConfirmedAt(register, broker)) {
    return merge(next, deletion(newVersion, broker), { broker, stored: true, refreshes: false }, policy);
  }
  // It retains nothing, though a client wrote there: the client does not retain.
  const isUnretained = wroteLast(register, broker, policy);
  const unretained = isUnretained ? register.unretained | (1 << broker) : register.unretained;
  return outcome({ ...next, unretained, held: withHeld(register, broker, 'absent') }, 'updated');
}

/**
 * An empty message was heard, and the broker no longer retains what it did: a client deleted it then. Unless our own
 * message is still on its way there: its echo tells that it was stored after that, or a probe tells that it was not.
 */
function emptiedThere(
  register: Register,
  next: Register,
  broker: number,
  emptied: Version,
  policy: Policy,
): Outcome {
  const question = register.unresolved.find(one => one.broker === broker);
  if (question?.awaitsEcho !== true && next.pending.length < register.pending.length) {
    const questioned = question && withUnresolved(register, { ...question, awaitsEcho: true });
    return outcome(
      { ...register, probing: next.probing, ...(questioned && { unresolved: questioned }) },
      'updated',
    );
  }
  const isUnretained = wroteLast(register, broker, policy);
  const unretained = isUnretained ? register.unretained | (1 << broker) : register.unretained;
  const contest = { broker, stored: true, refreshes: false };
  const base = { ...next, unretained, transient: withoutPendingEmpty(register, broker) };
  return { ...merge(base, deletion(emptied, broker), contest, policy), deletionProven: true };
}

/** The deletion follows, and says to subscribers what the empty message would. It stays known: copies of it may come back. */
function withoutPendingEmpty({ transient }: Register, broker: number): Transient | undefined {
  if (transient === undefined || transient.message.origin !== broker || !isDeletion(transient.message))
    return transient;
  return { ...transient, recipients: 0 };
}

/** The version of what a broker went back to: whatever took its place is newer. */
const OLDEST: Version = { time: 0, counter: 0, replica: '' };

/** What a broker was found to retain. */
interface Finding {
  readonly broker: number;
  readonly found: Found;
  readonly isOld: boolean;
  readonly now: number;
}

/** @param next the register without what the answer has decided */
function foundThere(
  register: Register,
  next: Register,
  finding: Finding,
  fresh: Version,
  policy: Policy,
): Outcome {
  const { broker, found, now } = finding;
  const transientMessage =
    register.transient?.message.origin === broker ? register.transient.message : undefined;
  // The topic is retained there, so what passed is too, and goes out as such.
  const asRetained =
    transientMessage === undefined || isDeletion(transientMessage) ? next : { ...next, transient: undefined };
  if (has(register.staleProbes, broker)) {
    // What was delivered since may be retained, or not: which, only a new answer tells.
    if (emptiedAt(register, broker) !== undefined) return sendProbe(register, broker, 'urgent');
    return resolveStaleProbe(register, asRetained, finding, policy);
  }
  const known = knownAt(register, broker, found);
  if (known !== undefined) {
    const base = transientMessage?.payload === found.payload ? asRetained : next;
    return outcome({ ...base, held: withHeld(register, broker, known) }, 'updated');
  }
  const before = heldBefore(register, broker);
  if (before !== undefined && haveSameContent(before, found)) {
    const unretained = register.unretained | (1 << broker);
    return outcome({ ...next, unretained, held: withHeld(register, broker, before) }, 'updated');
  }
  const emptied = finding.isOld ? undefined : emptiedAt(register, broker);
  const message: Message = {
    payload: found.payload,
    properties: found.properties,
    version:
      trustedStamp(register, { ...found, broker }) ??
      seenAs(register, transientMessage, { broker, found }) ??
      (finding.isOld ? OLDEST : fresh),
    origin: broker,
    messageExpiresAt: now + found.expiry,
    ttlExpiresAt: afterTtl(now, policy.ttl),
  };
  const contest = { broker, stored: true, refreshes: false };
  const base = { ...asRetained, unretained: register.unretained & ~(1 << broker) };
  if (emptied === undefined) return merge(base, message, contest, policy);
  // What was there before the empty message is gone, so that it was a deletion, though the topic was written since.
  const deleted = merge(base, deletion(emptied, broker), contest, policy);
  return merge(deleted.register, message, contest, policy);
}

/**
 * The broker does not say whether it retains what it delivered, under a topic that others retain: it counts as
 * retained, lest a write be lost; but not as what the broker holds, or its absence would be taken for a deletion. Under one
 * that nobody is known to retain, the question stays.
 */
function inferRetained(register: Register, broker: number, policy: Policy): Outcome {
  const { winner, unresolved } = register;
  const question = unresolved.find(one => one.broker === broker);
  if (question === undefined) return outcome(register, 'updated');
  // A deletion or not: nothing but an answer may tell.
  if (question.payload === '' && question.emptied !== undefined) return outcome(register, 'updated');
  const decided = { ...register, unresolved: withoutUnresolved(register, broker) };
  if (question.payload === '') return outcome(decided, 'updated');
  if (winner === undefined || isDeletion(winner))
    return outcome(policy.retain ? decided : register, 'updated');
  const message: Message = {
    payload: question.payload,
    properties: undefined,
    version: question.version,
    origin: broker,
    messageExpiresAt: Number.POSITIVE_INFINITY,
    ttlExpiresAt: afterTtl(question.version.time, policy.ttl),
  };
  return merge(decided, message, { broker, stored: false, refreshes: false }, policy);
}

/** Where it has just turned out that a topic is retained, so is what brokers delivered that do not say. */
export function withInferences(before: Register, result: Outcome, policy: Policy): Outcome {
  const { winner, unresolved, probing } = result.register;
  if (unresolved.length === 0 || winner === before.winner || policy.retain) return result;
  let all = result;
  for (const { broker } of unresolved) {
    if (has(probing, broker)) continue;
    const { effect, commands } = all;
    all = { ...all, ...inferRetained(all.register, broker, policy), effect, commands };
  }
  return all;
}

/** Whether the broker held what the winner says, and nothing was on its way there: a newer write beats a deletion. */
function isConfirmedAt({ held, pending, winner }: Register, broker: number): boolean {
  const holds = held[broker];
  if (typeof holds !== 'object' || pending.some(entry => entry.broker === broker && entry.retained))
    return false;
  return winner !== undefined && isInSync(holds, winner);
}

/**
 * Something was found, and something else was delivered meanwhile, which is the newer of the two. It is
 * retained as well, if it is the first that we know of the topic; else a new answer has to tell.
 */
function resolveStaleProbe(
  register: Register,
  next: Register,
  { broker, found, now }: Finding,
  policy: Policy,
): Outcome {
  const holds = register.held[broker];
  if (typeof holds === 'object' && haveSameContent(holds, found)) return outcome(next, 'updated');
  const latest = register.transient?.message;
  if (holds === 'unknown' && latest?.origin === broker && !isDeletion(latest)) {
    const message = { ...latest, ttlExpiresAt: afterTtl(now, policy.ttl) };
    return merge(next, message, { broker, stored: true, refreshes: false }, policy);
  }
  return sendProbe(register, broker, 'urgent');
}

/** The version of what was found, if the broker delivered it: nobody knew before whether that was retained. */
function seenAs(
  { unresolved }: Register,
  transientMessage: Message | undefined,
  { broker, found }: { readonly broker: number; readonly found: Found },
): Version | undefined {
  const delivered = unresolved.find(one => one.broker === broker) ?? transientMessage;
  return delivered?.payload === found.payload ? delivered.version : undefined;
}

/** The message found, if we know it: what is pending there, the winner, or what the broker held before. */
function knownAt(register: Register, broker: number, found: Found): Message | undefined {
  const pending = register.pending.findLast(
    e => e.broker === broker && e.retained && haveSameContent(e.message, found),
  );
  if (pending !== undefined) return pending.message;
  if (register.winner !== undefined && haveSameContent(register.winner, found)) return register.winner;
  const holds = register.held[broker];
  return typeof holds === 'object' && haveSameContent(holds, found) ? holds : undefined;
}

/** Whether the last that was seen of the topic came from a client of that broker, and had a payload. */
export function wroteLast({ winner, transient }: Register, broker: number, policy: Policy): boolean {
  const last = policy.retain ? winner : transient?.message;
  if (last?.origin !== broker || isDeletion(last)) return false;
  return winner === undefined || !isNewer(winner.version, last.version);
}

/**
 * A replay that shows a topic proves that it is there; one that does not proves nothing, since brokers cut
 * replays short. So what was held, or on its way, and was not shown is asked for; unless the broker lost its
 * data anyway, and is to get all of it back.
 */
export function returned(register: Register, event: Returned, policy: Policy): Outcome {
  const { broker } = event;
  // What follows from an absence at a return needs a proof of its own.
  return returnedThere(withoutEmptied(register, broker), event, policy);
}

function returnedThere(register: Register, event: Returned, policy: Policy): Outcome {
  const { broker, returnState, replayed, atMarker } = event;
  if (returnState === 'no retention') return returnedWithoutMemory(register, broker);
  const pending = withoutPending(register, broker, register.pending.length);
  const lost = pending.length < register.pending.length;
  if (replayed) return lost ? outcome({ ...register, pending }, 'updated') : outcome(register, 'idle');
  if (!lost && typeof register.held[broker] !== 'object') return outcome(register, 'idle');
  if (has(policy.echo, broker) && returnState === 'intact') {
    // What is not retained was lost with the connection.
    const kept = { ...register, pending: withoutTransient(register, broker, register.pending.length) };
    // It may have gone back to before it had the topic: then its absence tells nothing, now and later.
    const held = atMarker === 'not known' ? withHeld(register, broker, 'unknown') : register.held;
    return sendProbe({ ...kept, held }, broker, 'background');
  }
  const isTrusted = !lost && !has(policy.echo, broker) && returnState === 'intact' && atMarker === 'the same';
  return isTrusted
    ? outcome(register, 'idle')
    : outcome({ ...register, pending, held: withHeld(register, broker, 'unknown') }, 'updated');
}

/**
 * A broker that retains nothing shows nothing. What it had been told it was told; what was under way when the
 * connection broke may have been lost, and is said again.
 */
function returnedWithoutMemory(register: Register, broker: number): Outcome {
  const pending = withoutPending(register, broker, register.pending.length);
  if (pending.length === register.pending.length) return outcome(register, 'idle');
  const isLost = register.pending.some(entry => entry.broker === broker && entry.retained);
  const held = isLost ? withHeld(register, broker, 'unknown') : register.held;
  return outcome({ ...register, pending, held }, 'updated');
}

/** Looks again, unless something is in motion there. */
export function scanDue(register: Register, broker: number): Outcome {
  const inMotion = pendingAt(register, broker) > 0 || has(register.probing, broker);
  return inMotion ? outcome(register, 'idle') : sendProbe(register, broker, 'background');
}
