/**
 * What a broker retains is asked: when an echo is overdue, when a broker returns, and when MQTT 3.1.1 does
 * not show whether a message is retained.
 */

import { afterTtl, contend, deletion, trustedStamp } from './contend.ts';
import type { Found, Occasion, Probed, Returned } from './events.ts';
import { type Outcome, outcome } from './outcome.ts';
import { has, type Policy } from './policy.ts';
import {
  agrees,
  alike,
  emptiedAt,
  heldBefore,
  isDeletion,
  isNewer,
  type Message,
  type Passing,
  pendingAt,
  type Register,
  withHeld,
  withoutEmptied,
  withoutPassing,
  withoutPending,
  withoutQuestioned,
  withoutRetained,
  withQuestioned,
} from './register.ts';
import type { Version } from './version.ts';

export function overdue(register: Register, broker: number): Outcome {
  if (pendingAt(register, broker) === 0 || has(register.asking, broker)) return outcome(register, 'idle');
  if (register.pending.some(entry => entry.broker === broker && entry.retained))
    return ask(register, broker, 'question');
  // What is not retained leaves no trace to ask for.
  return outcome(
    { ...register, pending: withoutPending(register, broker, register.pending.length) },
    'settled',
  );
}

export function ask(register: Register, broker: number, occasion: Occasion): Outcome {
  return {
    register: {
      ...register,
      asking: register.asking | (1 << broker),
      overtaken: register.overtaken & ~(1 << broker),
    },
    effect: 'settled',
    commands: [{ kind: 'probe', broker, occasion }],
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
    asking: register.asking & ~(1 << broker),
    questioned: withoutQuestioned(register, broker),
    pending: withoutRetained(register, broker),
  };
  const wasPending = next.pending.length < register.pending.length;
  if (found === 'unknown') {
    const unknown = wasPending ? { ...next, held: withHeld(register, broker, 'unknown') } : next;
    return presumedNow({ ...unknown, questioned: register.questioned }, broker, policy);
  }
  return found === 'absent'
    ? absentThere(register, next, event, policy)
    : foundThere(register, next, { broker, found, isOld: event.isOld, now: event.now }, event.fresh, policy);
}

/** @param next the register without what the answer has decided */
function absentThere(
  register: Register,
  next: Register,
  { broker, absence, fresh }: Probed,
  policy: Policy,
): Outcome {
  if (has(register.overtaken, broker) && typeof register.held[broker] === 'object')
    return ask(register, broker, 'question');
  const emptied = emptiedAt(register, broker);
  if (emptied !== undefined) return emptiedThere(register, next, broker, emptied, policy);
  if (absence === 'deletion' && isSettledAt(register, broker)) {
    return contend(next, deletion(fresh, broker), { broker, stored: true, refreshes: false }, policy);
  }
  // It retains nothing, though a client wrote there: the client does not retain.
  const isUnretained = wroteLast(register, broker, policy);
  const unretained = isUnretained ? register.unretained | (1 << broker) : register.unretained;
  return outcome({ ...next, unretained, held: withHeld(register, broker, 'absent') }, 'settled');
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
  const question = register.questioned.find(one => one.broker === broker);
  if (question?.awaitsEcho !== true && next.pending.length < register.pending.length) {
    const questioned = question && withQuestioned(register, { ...question, awaitsEcho: true });
    return outcome({ ...register, asking: next.asking, ...(questioned && { questioned }) }, 'settled');
  }
  const isUnretained = wroteLast(register, broker, policy);
  const unretained = isUnretained ? register.unretained | (1 << broker) : register.unretained;
  const contest = { broker, stored: true, refreshes: false };
  const base = { ...next, unretained, passing: withoutOwedEmpty(register, broker) };
  return { ...contend(base, deletion(emptied, broker), contest, policy), deletionProven: true };
}

/** The deletion follows, and says to subscribers what the empty message would. It stays known: copies of it may come back. */
function withoutOwedEmpty({ passing }: Register, broker: number): Passing | undefined {
  if (passing === undefined || passing.message.origin !== broker || !isDeletion(passing.message))
    return passing;
  return { ...passing, owed: 0 };
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
  const passing = register.passing?.message.origin === broker ? register.passing.message : undefined;
  // The topic is retained there, so what passed is too, and goes out as such.
  const asRetained = passing === undefined || isDeletion(passing) ? next : { ...next, passing: undefined };
  if (has(register.overtaken, broker)) {
    // What was delivered since may be retained, or not: which, only a new answer tells.
    if (emptiedAt(register, broker) !== undefined) return ask(register, broker, 'question');
    return overtakenBy(register, asRetained, finding, policy);
  }
  const known = knownAt(register, broker, found);
  if (known !== undefined) {
    const base = passing?.payload === found.payload ? asRetained : next;
    return outcome({ ...base, held: withHeld(register, broker, known) }, 'settled');
  }
  const before = heldBefore(register, broker);
  if (before !== undefined && alike(before, found)) {
    const unretained = register.unretained | (1 << broker);
    return outcome({ ...next, unretained, held: withHeld(register, broker, before) }, 'settled');
  }
  const emptied = finding.isOld ? undefined : emptiedAt(register, broker);
  const message: Message = {
    payload: found.payload,
    properties: found.properties,
    version:
      trustedStamp(register, { ...found, broker }) ??
      seenAs(register, passing, { broker, found }) ??
      (finding.isOld ? OLDEST : fresh),
    origin: broker,
    expiresAt: now + found.expiry,
    erasedAt: afterTtl(now, policy.ttl),
  };
  const contest = { broker, stored: true, refreshes: false };
  const base = { ...asRetained, unretained: register.unretained & ~(1 << broker) };
  if (emptied === undefined) return contend(base, message, contest, policy);
  // What was there before the empty message is gone, so that it was a deletion, though the topic was written since.
  const deleted = contend(base, deletion(emptied, broker), contest, policy);
  return contend(deleted.register, message, contest, policy);
}

/**
 * The broker does not say whether it retains what it delivered, under a topic that others retain: it counts as
 * retained, lest a write be lost; but not as what the broker holds, or its absence would be taken for a deletion. Under one
 * that nobody is known to retain, the question stays.
 */
function presumedNow(register: Register, broker: number, policy: Policy): Outcome {
  const { winner, questioned } = register;
  const question = questioned.find(one => one.broker === broker);
  if (question === undefined) return outcome(register, 'settled');
  // A deletion or not: nothing but an answer may tell.
  if (question.payload === '' && question.emptied !== undefined) return outcome(register, 'settled');
  const decided = { ...register, questioned: withoutQuestioned(register, broker) };
  if (question.payload === '') return outcome(decided, 'settled');
  if (winner === undefined || isDeletion(winner))
    return outcome(policy.retain ? decided : register, 'settled');
  const message: Message = {
    payload: question.payload,
    properties: undefined,
    version: question.version,
    origin: broker,
    expiresAt: Number.POSITIVE_INFINITY,
    erasedAt: afterTtl(question.version.time, policy.ttl),
  };
  return contend(decided, message, { broker, stored: false, refreshes: false }, policy);
}

/** Where it has just turned out that a topic is retained, so is what brokers delivered that do not say. */
export function withPresumptions(before: Register, result: Outcome, policy: Policy): Outcome {
  const { winner, questioned, asking } = result.register;
  if (questioned.length === 0 || winner === before.winner || policy.retain) return result;
  let all = result;
  for (const { broker } of questioned) {
    if (has(asking, broker)) continue;
    const { effect, commands } = all;
    all = { ...all, ...presumedNow(all.register, broker, policy), effect, commands };
  }
  return all;
}

/** Whether the broker held what the winner says, and nothing was on its way there: a newer write beats a deletion. */
function isSettledAt({ held, pending, winner }: Register, broker: number): boolean {
  const holds = held[broker];
  if (typeof holds !== 'object' || pending.some(entry => entry.broker === broker && entry.retained))
    return false;
  return winner !== undefined && agrees(holds, winner);
}

/**
 * Something was found, and something else was delivered meanwhile, which is the newer of the two. It is
 * retained as well, if it is the first that we know of the topic; else a new answer has to tell.
 */
function overtakenBy(
  register: Register,
  next: Register,
  { broker, found, now }: Finding,
  policy: Policy,
): Outcome {
  const holds = register.held[broker];
  if (typeof holds === 'object' && alike(holds, found)) return outcome(next, 'settled');
  const latest = register.passing?.message;
  if (holds === 'unknown' && latest?.origin === broker && !isDeletion(latest)) {
    const message = { ...latest, erasedAt: afterTtl(now, policy.ttl) };
    return contend(next, message, { broker, stored: true, refreshes: false }, policy);
  }
  return ask(register, broker, 'question');
}

/** The version of what was found, if the broker delivered it: nobody knew before whether that was retained. */
function seenAs(
  { questioned }: Register,
  passing: Message | undefined,
  { broker, found }: { readonly broker: number; readonly found: Found },
): Version | undefined {
  const delivered = questioned.find(one => one.broker === broker) ?? passing;
  return delivered?.payload === found.payload ? delivered.version : undefined;
}

/** The message found, if we know it: what is pending there, the winner, or what the broker held before. */
function knownAt(register: Register, broker: number, found: Found): Message | undefined {
  const pending = register.pending.findLast(
    e => e.broker === broker && e.retained && alike(e.message, found),
  );
  if (pending !== undefined) return pending.message;
  if (register.winner !== undefined && alike(register.winner, found)) return register.winner;
  const holds = register.held[broker];
  return typeof holds === 'object' && alike(holds, found) ? holds : undefined;
}

/** Whether the last that was seen of the topic came from a client of that broker, and had a payload. */
export function wroteLast({ winner, passing }: Register, broker: number, policy: Policy): boolean {
  const last = policy.retain ? winner : passing?.message;
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
  const { broker, base, replayed, atMarker } = event;
  if (base === 'keeps nothing') return returnedWithoutMemory(register, broker);
  const pending = withoutPending(register, broker, register.pending.length);
  const lost = pending.length < register.pending.length;
  if (replayed) return lost ? outcome({ ...register, pending }, 'settled') : outcome(register, 'idle');
  if (!lost && typeof register.held[broker] !== 'object') return outcome(register, 'idle');
  if (has(policy.echo, broker) && base === 'as left') {
    // What is not retained was lost with the connection.
    const kept = { ...register, pending: withoutPassing(register, broker, register.pending.length) };
    // It may have gone back to before it had the topic: then its absence tells nothing, now and later.
    const held = atMarker === 'not known' ? withHeld(register, broker, 'unknown') : register.held;
    return ask({ ...kept, held }, broker, 'look');
  }
  const isTrusted = !lost && !has(policy.echo, broker) && base === 'as left' && atMarker === 'the same';
  return isTrusted
    ? outcome(register, 'idle')
    : outcome({ ...register, pending, held: withHeld(register, broker, 'unknown') }, 'settled');
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
  return outcome({ ...register, pending, held }, 'settled');
}

/** Looks again, unless something is in motion there. */
export function doubted(register: Register, broker: number): Outcome {
  const inMotion = pendingAt(register, broker) > 0 || has(register.asking, broker);
  return inMotion ? outcome(register, 'idle') : ask(register, broker, 'look');
}
