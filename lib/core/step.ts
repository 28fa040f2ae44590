/**
 * The reconciliation of one topic: register × event × policy → register and commands.
 *
 * A function without clock, chance or I/O, so a year of traffic can be simulated and every race replayed.
 * It throws on nothing that a network can send. The reasons for each rule are in docs/reconciliation.md.
 */

import type { Command, Event, Found, Observed, Outcome, Probed, Publish } from './events.ts';
import { type BrokerSet, has, type Policy } from './policy.ts';
import {
  agrees,
  alike,
  heldAfter,
  isDeletion,
  isNewer,
  MAX_PENDING,
  type Message,
  PASSING_AGE,
  type Pending,
  pendingAt,
  type Register,
  willHold,
  withHeld,
  withoutPending,
} from './register.ts';
import { compareVersions, type Version } from './version.ts';

export function step(register: Register, event: Event, policy: Policy): Outcome {
  switch (event.kind) {
    case 'observed':
      return observed(overtake(register, event.broker), event, policy);
    case 'offered':
      return offered(register, event.broker, event.now, policy);
    case 'acknowledged':
      return acknowledged(register, event.broker, event.version);
    case 'refused':
      return refused(register, event.broker, event.version);
    case 'overdue':
      return overdue(register, event.broker);
    case 'probed':
      return probed(register, event, policy);
    case 'expired':
      return expired(register, event.now, event.fresh);
    case 'returned':
      return returned(register, event.broker, event.replayed, policy);
    case 'unanswered':
      return has(register.asking, event.broker)
        ? settled({ ...register, asking: register.asking & ~(1 << event.broker) })
        : idle(register);
  }
}

const NO_COMMANDS: readonly Command[] = [];

function idle(register: Register): Outcome {
  return { register, effect: 'idle', commands: NO_COMMANDS };
}

// ── a message comes in ───────────────────────────────────────────────────────────────────────────────

/** What is being asked of the broker may be answered from before this message. */
function overtake(register: Register, broker: number): Register {
  const bit = register.asking & (1 << broker);
  return (register.overtaken & bit) === bit ? register : { ...register, overtaken: register.overtaken | bit };
}

function observed(register: Register, event: Observed, policy: Policy): Outcome {
  if (event.replay && isAsLeft(register, event))
    return { register, effect: 'repeated', commands: NO_COMMANDS };
  const echo = findEcho(register, event);
  if (echo >= 0)
    return echoed(register, event.broker, event.replay ? register.pending.length - 1 : echo, echo);

  const retained = event.retained ?? presumedRetained(register, event);
  if (retained === true) return written(register, event, policy, true);
  if (retained === undefined) return unsure(register, event, policy);
  return policy.retain ? written(register, event, policy, false) : passed(register, event);
}

/** A replay shows the broker as we left it: nothing was written there while we were apart. */
function isAsLeft(register: Register, event: Observed): boolean {
  const holds = register.held[event.broker];
  return event.retained === true && typeof holds === 'object' && alike(holds, event);
}

/**
 * The entry of `pending` that this message is the echo of, or -1. By its stamp where the connection returns
 * stamps; else by its payload, and the first that fits. In a replay the last that fits: older ones have been
 * overwritten.
 */
function findEcho(register: Register, event: Observed): number {
  const { pending } = register;
  if (pending.length === 0) return -1;
  let found = -1;
  for (const [index, entry] of pending.entries()) {
    if (entry.broker !== event.broker || entry.message.payload !== event.payload) continue;
    if (event.stamps ? !isSameVersion(event.stamp, entry.message.version) : event.replay && !entry.retained)
      continue;
    found = index;
    if (!event.replay) return found;
  }
  return found;
}

function isSameVersion(stamp: Version | undefined, version: Version): boolean {
  return stamp !== undefined && compareVersions(stamp, version) === 0;
}

/** The broker stored what we published, and with it all that we had published before. */
function echoed(register: Register, broker: number, last: number, echo: number): Outcome {
  const stored = register.pending.findLast(
    (entry, i) => i <= echo && entry.broker === broker && entry.retained,
  );
  return {
    register: {
      ...register,
      held: stored === undefined ? register.held : withHeld(register, broker, heldAfter(stored.message)),
      pending: withoutPending(register, broker, last),
    },
    effect: 'echo',
    commands: NO_COMMANDS,
  };
}

/**
 * A live message over MQTT 3.1.1 does not say whether it is retained. It is presumed to be where the topic is
 * known to be, and not to be where a probe found so; else it is undefined, and a probe has to tell.
 */
function presumedRetained(register: Register, event: Observed): boolean | undefined {
  if (has(register.unretained, event.broker)) return false;
  if (typeof register.held[event.broker] === 'object') return true;
  const { winner } = register;
  // To delete what is deleted already is no news either way.
  return winner !== undefined && (!isDeletion(winner) || event.payload === '') ? true : undefined;
}

/**
 * A new topic over MQTT 3.1.1: hand the message on at once, and ask the broker whether it retained it.
 *
 * The answer tells only if the probe follows a message with a payload, and no deletion came between. So one
 * that is under way is void, and asked again, when a deletion comes, and when a payload comes after one.
 */
function unsure(register: Register, event: Observed, policy: Policy): Outcome {
  const { broker, payload } = event;
  const outcome = policy.retain ? written(register, event, policy, false) : passed(register, event);
  const asking = has(register.asking, broker);
  const told = asking && wroteLast(register, broker, policy);
  if (payload === '' ? !asking : told) return outcome;
  return { ...ask(outcome.register, broker), effect: outcome.effect };
}

/** Whether the last that was seen of the topic came from a client of that broker, and had a payload. */
function wroteLast({ winner, passing }: Register, broker: number, policy: Policy): boolean {
  const last = policy.retain ? winner : passing?.message;
  if (last?.origin !== broker || isDeletion(last)) return false;
  return winner === undefined || !isNewer(winner.version, last.version);
}

/** A message to be reconciled as the topic's retained one. `stored`: the broker itself retains it. */
function written(register: Register, event: Observed, policy: Policy, stored: boolean): Outcome {
  const { broker } = event;
  const firstContact = event.replay && register.held[broker] === 'unknown';
  const message: Message = {
    payload: event.payload,
    properties: event.properties,
    version:
      trustedStamp(register, event) ??
      (firstContact ? { time: 0, counter: event.rank, replica: '' } : event.fresh),
    origin: broker,
    expiresAt: expiry(event.now, policy.ttl, event.expiry),
  };
  return contend(register, message, broker, stored, event.stamp === undefined && !firstContact);
}

/**
 * The stamp of a message, unless a client copied it onto a payload of its own: one version with two payloads
 * is a new write.
 */
function trustedStamp(
  register: Register,
  event: Observed | (Found & { readonly broker: number }),
): Version | undefined {
  const { stamp } = event;
  if (stamp === undefined) return undefined;
  const { winner, held } = register;
  const forged = (known: Message | undefined) =>
    known !== undefined && compareVersions(known.version, stamp) === 0 && known.payload !== event.payload;
  const holds = held[event.broker];
  if (forged(winner) || forged(typeof holds === 'object' ? holds : undefined)) return undefined;
  return stamp;
}

/** A retained message against the winner. Equal to it: no new version, but its time starts again. */
function contend(
  register: Register,
  message: Message,
  broker: number,
  stored: boolean,
  refreshes: boolean,
): Outcome {
  const { winner } = register;
  const held = (now: Message) => (stored ? withHeld(register, broker, heldAfter(now)) : register.held);
  if (winner !== undefined && alike(winner, message)) {
    const same = repeated(winner, message, refreshes);
    return {
      register: { ...register, winner: same, held: held(same) },
      effect: 'repeated',
      commands: NO_COMMANDS,
    };
  }
  if (winner === undefined && isDeletion(message)) {
    return { register: { ...register, held: held(message) }, effect: 'repeated', commands: NO_COMMANDS };
  }
  const wins = winner === undefined || isNewer(message.version, winner.version);
  return {
    register: { ...register, winner: wins ? message : winner, held: held(message) },
    effect: wins ? 'won' : 'lost',
    commands: NO_COMMANDS,
  };
}

function repeated(winner: Message, message: Message, refreshes: boolean): Message {
  const version =
    message.version.replica !== '' && !refreshes && isNewer(message.version, winner.version)
      ? message.version
      : winner.version;
  const expiresAt = refreshes && !isDeletion(winner) ? message.expiresAt : winner.expiresAt;
  return version === winner.version && expiresAt === winner.expiresAt
    ? winner
    : { ...winner, version, expiresAt };
}

function expiry(now: number, ttl: number, messageExpiry: number): number {
  return now + Math.min(ttl === 0 ? Number.POSITIVE_INFINITY : ttl, messageExpiry);
}

/** A message that is not retained: to be handed on once, the newest only. */
function passed(register: Register, event: Observed): Outcome {
  const { passing } = register;
  const old =
    event.stamp !== undefined && passing !== undefined && !isNewer(event.stamp, passing.message.version);
  if (event.own || old) return { register, effect: 'repeated', commands: NO_COMMANDS };
  const message: Message = {
    payload: event.payload,
    properties: event.properties,
    version: event.stamp ?? event.fresh,
    origin: event.broker,
    expiresAt: expiry(event.now, 0, event.expiry),
  };
  const owed = ALL_BROKERS & ~(1 << event.broker);
  return {
    register: { ...register, passing: { message, owed, since: event.now } },
    effect: 'passing',
    commands: NO_COMMANDS,
  };
}

const ALL_BROKERS: BrokerSet = 2 ** 30 - 1;

// ── a message goes out ───────────────────────────────────────────────────────────────────────────────

function offered(register: Register, broker: number, now: number, policy: Policy): Outcome {
  if (pendingAt(register, broker) >= MAX_PENDING) return idle(register);
  const commands: Publish[] = [];
  let next = register;
  if (register.passing !== undefined && has(register.passing.owed, broker)) {
    const { message, owed, since } = register.passing;
    next = { ...next, passing: { message, since, owed: owed & ~(1 << broker) } };
    if (has(policy.publish, broker) && since + PASSING_AGE > now && message.expiresAt > now) {
      commands.push(publish(message, broker, false, policy));
    }
  }
  const { winner } = register;
  const mayOffer = has(policy.publish, broker) && !has(register.asking, broker);
  if (winner !== undefined && mayOffer && !agrees(willHold(register, broker), winner)) {
    commands.push(publish(winner, broker, true, policy));
  }
  if (commands.length === 0) return idle(next);
  const sent = commands.map((c): Pending => ({ broker, retained: c.retain, message: c.message }));
  return { register: { ...next, pending: [...register.pending, ...sent] }, effect: 'published', commands };
}

function publish(message: Message, broker: number, retain: boolean, policy: Policy): Publish {
  return { kind: 'publish', broker, message, retain, qos: policy.qos, confirm: !has(policy.echo, broker) };
}

function acknowledged(register: Register, broker: number, version: Version): Outcome {
  const index = pendingIndex(register, broker, version);
  return index < 0 ? idle(register) : { ...echoed(register, broker, index, index), effect: 'settled' };
}

function refused(register: Register, broker: number, version: Version): Outcome {
  const index = pendingIndex(register, broker, version);
  if (index < 0) return idle(register);
  return {
    register: { ...register, pending: register.pending.toSpliced(index, 1) },
    effect: 'settled',
    commands: NO_COMMANDS,
  };
}

function pendingIndex(register: Register, broker: number, version: Version): number {
  return register.pending.findIndex(
    entry => entry.broker === broker && compareVersions(entry.message.version, version) === 0,
  );
}

// ── what a broker holds is asked ─────────────────────────────────────────────────────────────────────

function overdue(register: Register, broker: number): Outcome {
  if (pendingAt(register, broker) === 0 || has(register.asking, broker)) return idle(register);
  if (register.pending.some(entry => entry.broker === broker && entry.retained)) return ask(register, broker);
  // What is not retained leaves no trace to ask for.
  return settled({ ...register, pending: withoutPending(register, broker, register.pending.length) });
}

function ask(register: Register, broker: number): Outcome {
  return {
    register: {
      ...register,
      asking: register.asking | (1 << broker),
      overtaken: register.overtaken & ~(1 << broker),
    },
    effect: 'settled',
    commands: [{ kind: 'probe', broker }],
  };
}

/**
 * A probe tells what the broker retains now. Whatever retained message was pending there is decided: it is
 * what was found, or it was overwritten, or it never arrived; and none was sent since the probe was asked for.
 */
function probed(register: Register, event: Probed, policy: Policy): Outcome {
  const { broker, found } = event;
  const bit = 1 << broker;
  const next: Register = {
    ...register,
    asking: register.asking & ~bit,
    pending: register.pending.filter(entry => entry.broker !== broker || !entry.retained),
  };
  if (found === 'unknown') {
    return settled({ ...next, held: withHeld(register, broker, 'unknown') });
  }
  const overtaken = has(register.overtaken, broker);
  const holds = register.held[broker];
  if (found === 'absent') {
    if (overtaken && typeof holds === 'object') return ask(register, broker);
    // It retains nothing, though a client wrote there: the client does not retain.
    const unretained = wroteLast(register, broker, policy) ? register.unretained | bit : register.unretained;
    return settled({ ...next, unretained, held: withHeld(register, broker, 'absent') });
  }
  const base = { ...next, unretained: register.unretained & ~bit };
  if (overtaken) return overtakenBy(register, base, broker, found);
  const known = knownAt(register, broker, found);
  if (known !== undefined) return settled({ ...base, held: withHeld(register, broker, known) });
  const passing = register.passing?.message;
  const message: Message = {
    payload: found.payload,
    properties: found.properties,
    version:
      trustedStamp(register, { ...found, broker }) ??
      (passing?.origin === broker && passing.payload === found.payload ? passing.version : event.fresh),
    origin: broker,
    expiresAt: expiry(event.now, policy.ttl, found.expiry),
  };
  return contend(base, message, broker, true, false);
}

/**
 * Something was found, and something else was delivered meanwhile, which is the newer of the two. It is
 * retained as well, if it is the first that we know of the topic; else a new answer has to tell.
 */
function overtakenBy(register: Register, next: Register, broker: number, found: Found): Outcome {
  const holds = register.held[broker];
  if (typeof holds === 'object' && alike(holds, found)) return settled(next);
  const latest = register.passing?.message;
  if (holds === 'unknown' && latest?.origin === broker && !isDeletion(latest)) {
    return contend(next, latest, broker, true, false);
  }
  return ask(register, broker);
}

function settled(register: Register): Outcome {
  return { register, effect: 'settled', commands: NO_COMMANDS };
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

// ── time passes, a broker returns ────────────────────────────────────────────────────────────────────

function expired(register: Register, now: number, fresh: Version): Outcome {
  const { winner } = register;
  if (winner === undefined || winner.expiresAt > now) return idle(register);
  return {
    register: { ...register, winner: deletion(fresh) },
    effect: 'expired',
    commands: NO_COMMANDS,
  };
}

function deletion(version: Version): Message {
  return { payload: '', properties: '', version, origin: -1, expiresAt: Number.POSITIVE_INFINITY };
}

/**
 * A replay that shows a topic proves that it is there; one that does not proves nothing, since brokers cut
 * replays short. So what was held, or on its way, and was not shown is asked for.
 */
function returned(register: Register, broker: number, replayed: boolean, policy: Policy): Outcome {
  const lost = pendingAt(register, broker) > 0;
  const pending = withoutPending(register, broker, register.pending.length);
  if (replayed) return lost ? settled({ ...register, pending }) : idle(register);
  if (has(policy.echo, broker) && (lost || typeof register.held[broker] === 'object'))
    return ask(register, broker);
  return lost
    ? settled({ ...register, pending, held: withHeld(register, broker, 'unknown') })
    : idle(register);
}

/**
 * Whether nothing would be lost by forgetting the topic: no message passes, and if it was deleted, every
 * broker that takes part is known to be without it (else that broker would bring it back).
 */
export function isForgettable(register: Register, policy: Policy, now: number): boolean {
  const { winner, passing } = register;
  const parts = policy.echo | policy.publish;
  if (register.pending.length > 0 || register.asking !== 0 || register.unretained !== 0) return false;
  if (passing !== undefined && passing.since + PASSING_AGE > now) return false;
  if (winner === undefined) return register.held.every(held => typeof held !== 'object');
  return (
    isDeletion(winner) && register.held.every((held, broker) => !has(parts, broker) || held === 'absent')
  );
}
