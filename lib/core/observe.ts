/**
 * A broker delivered a message: an echo of ours, a retained message that contends with the winner, or one
 * that only passes through.
 */

import type { Observed } from './events.ts';
import { afterTtl, merge, trustedStamp } from './merge.ts';
import { echoed } from './offer.ts';
import { type Outcome, outcome } from './outcome.ts';
import { type BrokerSet, has, type Policy } from './policy.ts';
import { sendProbe, wroteLast } from './probes.ts';
import {
  emptiedAt,
  haveSameContent,
  heldBefore,
  isDeletion,
  isInSync,
  isNewer,
  type Message,
  NOBODY,
  type Register,
  type Transient,
  withoutEmptied,
  withUnresolved,
} from './register.ts';
import { compareVersions, type Version } from './version.ts';

/** What is being asked of the broker may be answered from before this message. */
export function markProbeStale(register: Register, broker: number): Register {
  const bit = register.probing & (1 << broker);
  return (register.staleProbes & bit) === bit
    ? register
    : { ...register, staleProbes: register.staleProbes | bit };
}

export function observed(register: Register, event: Observed, policy: Policy): Outcome {
  if (event.replay && isAsLeft(register, event))
    return outcome(withoutEmptied(register, event.broker), 'repeated');
  const echo = findEcho(register, event);
  if (echo >= 0) {
    const last = event.replay ? register.pending.length - 1 : echo;
    const result = echoed(withoutOutlived(register, event.broker, echo), event.broker, last, echo);
    if (!isMistakable(register, event, echo)) return result;
    return { ...result, register: { ...result.register, held: register.held } };
  }

  const retained = event.retained ?? inferredRetained(register, event, policy);
  if (retained === true) {
    if (isSecondOfHeld(register, event, policy)) return outcome(register, 'lost');
    const result = observedRetained(register, event, policy, true);
    return event.retained === undefined && policy.retain
      ? withInferredRetained(register, result, event)
      : result;
  }
  if (retained === undefined) return unresolved(register, event, policy);
  return policy.retain
    ? observedRetained(register, event, policy, isWithoutRetention(event))
    : observedTransient(register, event, policy);
}

/** Our retained message was stored behind an empty one of a client: whether that deleted what was there before is past. */
function withoutOutlived(register: Register, broker: number, echo: number): Register {
  const isStored = register.pending[echo]?.retained === true && register.pending[echo].message.payload !== '';
  return isStored ? withoutEmptied(register, broker) : register;
}

/** Where nothing is retained, what was said is all that a broker can be made to hold. */
function isWithoutRetention({ returnState }: Observed): boolean {
  return returnState === 'no retention';
}

/**
 * A replay shows the broker as we left it: nothing was written there while we were apart. Over MQTT 3.1.1 some brokers
 * replay without the retain flag.
 */
function isAsLeft(register: Register, event: Observed): boolean {
  const holds = register.held[event.broker];
  return event.retained !== false && typeof holds === 'object' && haveSameContent(holds, event);
}

/**
 * The entry of `pending` that this message is the echo of, or -1. By its stamp where the connection returns
 * stamps; a claim will do, since a broker may alter the properties that the stamp is bound to; else by its payload, and the first that fits. In a replay the last that fits: older ones have been
 * overwritten.
 */
function findEcho(register: Register, event: Observed): number {
  const { pending } = register;
  if (pending.length === 0) return -1;
  let found = -1;
  for (const [index, entry] of pending.entries()) {
    if (entry.broker !== event.broker || entry.message.payload !== event.payload) continue;
    if (
      event.stamps
        ? !isSameVersion(event.stamp ?? event.claim, entry.message.version)
        : event.replay && !entry.retained
    )
      continue;
    found = index;
    if (!event.replay) return found;
  }
  return found;
}

/**
 * Whether what looks like the echo of a retained message may be that of one that passes, as both are on their way with
 * one payload. Then nothing says that the retained one was stored.
 */
function isMistakable({ pending }: Register, { broker, replay, stamps }: Observed, echo: number): boolean {
  const echoed = pending[echo];
  if (stamps || replay || echoed?.retained !== true) return false;
  return pending.some(
    (entry, index) =>
      index > echo &&
      entry.broker === broker &&
      !entry.retained &&
      entry.message.payload === echoed.message.payload,
  );
}

function isSameVersion(stamp: Version | undefined, version: Version): boolean {
  return stamp !== undefined && compareVersions(stamp, version) === 0;
}

/**
 * Where two filters bring everything twice, over MQTT 3.1.1, what a broker holds already is no news: the second copy
 * of our own publish must not win over what was decided since. Unless that is an expiration of ours: a writer who
 * repeats himself lives.
 */
function isSecondOfHeld({ held, winner }: Register, event: Observed, { twice }: Policy): boolean {
  if (!has(twice, event.broker) || event.retained !== undefined || isWithoutRetention(event)) return false;
  if (winner === undefined || winner.origin === NOBODY || haveSameContent(winner, event)) return false;
  const holds = held[event.broker];
  return typeof holds === 'object'
    ? haveSameContent(holds, event)
    : holds === 'absent' && event.payload === '';
}

/**
 * A live message over MQTT 3.1.1 does not say whether it is retained. It is presumed to be where the broker retains
 * the topic as the others do, and not to be where a probe found so; else it is undefined, and a probe has to tell. An
 * empty one deletes, or asks a client for its state: no presumption may delete, so a probe tells where anything is retained.
 */
function inferredRetained(register: Register, event: Observed, policy: Policy): boolean | undefined {
  const { winner } = register;
  const isHeld = typeof register.held[event.broker] === 'object';
  const isEmpty = event.payload === '';
  if (!policy.retain && event.returnState !== 'no retention') {
    if (isEmpty) return isHeld || has(register.probing, event.broker) ? undefined : false;
    // The broker does not retain what it did any more, if that was a deletion.
    if (emptiedAt(register, event.broker) !== undefined) return undefined;
  }
  if (has(register.unretained, event.broker) && !(isEmpty && isHeld && !policy.retain)) return false;
  // To delete what is deleted already is no news either way.
  if (isEmpty && (isHeld || winner !== undefined)) return true;
  if (winner === undefined || isDeletion(winner)) return isHeld ? true : undefined;
  return event.returnState === 'no retention' || isInSyncOrPending(register, winner, event, policy)
    ? true
    : undefined;
}

/**
 * Whether the broker retains what the others do, or will as soon as what it was sent arrives. One that may not be
 * published to, or does not take it, may have been left behind; what it has not got was not deleted there.
 */
function isInSyncOrPending(
  { held, pending }: Register,
  winner: Message,
  { broker, isBlocked }: Observed,
  { publish }: Policy,
): boolean {
  const holds = held[broker];
  const follows = has(publish, broker) && !isBlocked;
  if (typeof holds === 'object') return follows || isInSync(holds, winner);
  return follows && pending.some(one => one.broker === broker && one.retained && !isDeletion(one.message));
}

/**
 * With RETAIN the message wins whether its broker retained it or not; but if not, the broker is to get it. It will be
 * asked for that, and the answer is compared with what the broker had before.
 */
function withInferredRetained(
  register: Register,
  result: Outcome,
  { broker, payload, stamp, newVersion }: Observed,
): Outcome {
  const holds = register.held[broker];
  const before = heldBefore(register, broker) ?? (typeof holds === 'object' ? holds : undefined);
  const question = { broker, payload, version: stamp ?? newVersion, before, emptied: undefined };
  return {
    ...result,
    register: { ...result.register, unresolved: withUnresolved(result.register, question) },
  };
}

/**
 * Over MQTT 3.1.1, where nothing tells whether a message is retained: hand it on at once, and ask the broker.
 *
 * The answer tells only if the probe follows a message with a payload, and no deletion came between. So one
 * that is under way is void, and asked again, when a deletion comes, and when a payload comes after one.
 */
function unresolved(register: Register, event: Observed, policy: Policy): Outcome {
  const { broker, payload } = event;
  const handedOn = policy.retain
    ? observedRetained(register, event, policy, isWithoutRetention(event))
    : observedTransient(register, event, policy);
  if (event.returnState === 'no retention') return handedOn;
  const asking = has(register.probing, broker);
  const isBelieved = typeof register.held[broker] === 'object' && !policy.retain;
  if (payload === '' && !asking && !isBelieved) return handedOn;
  // The second copy of what is asked for already.
  if (payload === '' && asking && handedOn.effect === 'repeated') return handedOn;
  const result = handedOn.effect === 'repeated' ? handedOn : withUnresolvedWrite(handedOn, event);
  if (payload !== '' && asking && wroteLast(register, broker, policy)) return result;
  const { register: asked, commands } = sendProbe(result.register, broker, 'urgent');
  return { ...result, register: asked, commands };
}

/** Takes down when a message was seen whose place among the others a probe is to tell. */
function withUnresolvedWrite(result: Outcome, { broker, payload, stamp, newVersion }: Observed): Outcome {
  const { register } = result;
  const version = stamp ?? newVersion;
  const isEmptied = payload === '' && typeof register.held[broker] === 'object';
  const emptied = emptiedAt(register, broker) ?? (isEmptied ? version : undefined);
  const question = { broker, payload, version, before: undefined, emptied };
  return {
    ...result,
    register: { ...result.register, unresolved: withUnresolved(result.register, question) },
  };
}

/** A message to be reconciled as the topic's retained one. `stored`: the broker itself retains it. */
function observedRetained(register: Register, event: Observed, policy: Policy, stored: boolean): Outcome {
  const { broker } = event;
  const isFirst = event.returnState === 'first contact' && register.held[broker] === 'unknown';
  const isOld = event.replay && (isFirst || event.returnState === 'rolled back');
  const message: Message = {
    payload: event.payload,
    properties: event.properties,
    version:
      trustedStamp(register, event) ??
      (isOld ? { time: 0, counter: event.firstContactRank, replica: '' } : event.newVersion),
    origin: broker,
    messageExpiresAt: event.now + event.expiry,
    ttlExpiresAt: afterTtl(event.now, policy.ttl),
  };
  const refreshes = event.stamp === undefined && !isOld;
  const result = merge(register, message, { broker, stored, refreshes }, policy);
  const isRepetition = result.effect === 'repeated' && refreshes && !event.replay;
  return isRepetition && policy.repeat ? passedOnAgain(result, event, policy) : result;
}

/**
 * With REPEAT each broker is given an equal message once more: from here on it is not known to hold it. A second copy,
 * as overlapping filters bring it over MQTT 3.1.1, is no repetition, or the copies of ours would be repeated for ever.
 */
function passedOnAgain(result: Outcome, event: Observed, { twice }: Policy): Outcome {
  const { register } = result;
  const { winner, held } = register;
  const isSecondCopy = has(twice, event.broker) && event.retained === undefined;
  if (winner === undefined || isDeletion(winner) || isSecondCopy) return result;
  const unknown = held.map((one, broker) => (broker === event.broker || one === 'absent' ? one : 'unknown'));
  return { ...result, register: { ...register, held: unknown } };
}

/** A message that is not retained: to be handed on once, the newest only. */
function observedTransient(register: Register, event: Observed, { twice }: Policy): Outcome {
  const { transient } = register;
  const old =
    event.stamp !== undefined && transient !== undefined && !isNewer(event.stamp, transient.message.version);
  const isSecond = transient !== undefined && has(twice, event.broker) && isSecondCopy(transient, event);
  const isAnswered = transient !== undefined && isCopyOfEmpty(transient, event);
  if (event.own || old || isSecond || isAnswered) return outcome(register, 'repeated');
  const message: Message = {
    payload: event.payload,
    properties: event.properties,
    version: event.stamp ?? event.newVersion,
    origin: event.broker,
    messageExpiresAt: event.now + event.expiry,
    ttlExpiresAt: Number.POSITIVE_INFINITY,
  };
  const owed = ALL_BROKERS & ~(1 << event.broker);
  return outcome({ ...register, transient: { message, recipients: owed, since: event.now } }, 'transient');
}

/** What a broker delivers twice, it delivers the second time within so many milliseconds. */
const SECOND_COPY_AGE = 250;

function isSecondCopy({ message, since }: Transient, event: Observed): boolean {
  return (
    message.origin === event.broker && event.now - since < SECOND_COPY_AGE && haveSameContent(message, event)
  );
}

/**
 * An empty message that we handed on there comes back as another copy for so many milliseconds: over a second filter, by
 * another replicator, or as the retained one that follows it where it was a deletion. To hand it on would never end.
 */
const EMPTY_COPY_AGE_MS = 5_000;

function isCopyOfEmpty({ message, recipients, since }: Transient, event: Observed): boolean {
  if (event.payload !== '' || message.payload !== '' || event.retained !== undefined) return false;
  if (message.origin === event.broker || has(recipients, event.broker)) return false;
  return event.now - since < EMPTY_COPY_AGE_MS;
}

const ALL_BROKERS: BrokerSet = 2 ** 30 - 1;
