/** A broker delivers a message without a retain flag: is it retained, is it not, or does a probe have to tell? */

import { findEcho, isShownAsHeld } from './echo.ts';
import type { EffectOf } from './effects.ts';
import type { Observed } from './events.ts';
import { haveSameContent, isDeletion, isInSync, type Message, NOBODY } from './message.ts';
import { type Outcome, outcome } from './outcome.ts';
import { has, type Policy } from './policy.ts';
import { sendProbe } from './probes.ts';
import { isProbing, type Register, type Transient } from './register.ts';
import {
  emptiedAt,
  heldBefore,
  type UnresolvedWrite,
  withoutEmptied,
  withUnresolved,
} from './retain-inference.ts';
import { isNewer } from './version.ts';
import { isWithoutRetention, retainedWrite, transientWrite } from './write.ts';

/**
 * An empty message that we passed on may come back within this many milliseconds. A second filter or another replicator may bring
 * it. Or it was a deletion, and the retained message follows.
 */
const EMPTY_COPY_AGE_MS = 5_000;

/** The message is no echo, and no replay of what the broker held. */
export function observedWithoutFlag(
  register: Register,
  event: Observed,
  policy: Policy,
): Outcome<EffectOf<'observed'>> {
  const isRetained = inferredRetained(register, event, policy);
  if (isRetained === true) {
    if (isSecondOfHeld(register, event, policy)) return outcome(register, 'lost');
    const result = retainedWrite(register, event, policy, true);
    return policy.retain ? withForcedWrite(register, result, event) : result;
  }
  const result = policy.retain
    ? retainedWrite(register, event, policy, isWithoutRetention(event))
    : passedOn(register, event, policy);
  return isRetained === false ? result : andProbed(register, result, event, policy);
}

/** mqttrep passes no copy of an empty message on. The copy would come back forever. */
function passedOn(register: Register, event: Observed, policy: Policy): Outcome<'transient' | 'repeated'> {
  const { transient } = register;
  const isCopy = transient !== undefined && isCopyOfEmpty(transient, event);
  return isCopy ? outcome(register, 'repeated') : transientWrite(register, event, policy);
}

function isCopyOfEmpty({ message, recipients, since }: Transient, event: Observed): boolean {
  if (event.payload !== '' || message.payload !== '') return false;
  if (message.origin === event.broker || has(recipients, event.broker)) return false;
  return event.now - since < EMPTY_COPY_AGE_MS;
}

/**
 * Whether the message counts as retained; undefined if only a probe can tell. Without RETAIN, an empty message never counts as a
 * deletion without a probe. A message does not count as retained if an earlier probe found that at its broker. It counts as
 * retained if its broker holds the topic and mqttrep keeps that broker up to date.
 */
function inferredRetained(register: Register, event: Observed, policy: Policy): boolean | undefined {
  const { winner } = register;
  const isHeld = typeof register.held[event.broker] === 'object';
  const isEmpty = event.payload === '';
  if (!policy.retain && !isWithoutRetention(event)) {
    if (isEmpty) return isHeld || isProbing(register, event.broker) ? undefined : false;
    // If the empty message was a deletion, the broker does not retain the topic any more.
    if (emptiedAt(register, event.broker) !== undefined) return undefined;
  }
  // The exception applies only at a broker without retained messages: elsewhere the empty message was handled above.
  const isUnretained = has(register.inference.unretained, event.broker);
  if (isUnretained && !(isEmpty && isHeld && !policy.retain)) return false;
  // To delete a deleted topic changes nothing, retained or not.
  if (isEmpty && (isHeld || winner !== undefined)) return true;
  if (winner === undefined || isDeletion(winner)) return isHeld ? true : undefined;
  return isWithoutRetention(event) || isKeptUpToDate(register, winner, event, policy) ? true : undefined;
}

/**
 * Whether the broker holds a message of the topic that mqttrep keeps up to date, or will once a pending publish arrives. mqttrep
 * may not publish to some brokers, and some do not take the topic. Such a broker may lack the winner although nobody deleted it
 * there.
 */
function isKeptUpToDate(
  register: Register,
  winner: Message,
  { broker, isBlocked }: Observed,
  { publish }: Policy,
): boolean {
  const holds = register.held[broker];
  const isGivenWinner = has(publish, broker) && !isBlocked;
  if (typeof holds === 'object') return isGivenWinner || isInSync(holds, winner);
  return (
    isGivenWinner &&
    register.pending.some(one => one.broker === broker && one.retained && !isDeletion(one.message))
  );
}

/**
 * Whether two filters deliver a second time what the broker holds. The second copy of our publish must not win over a later
 * write. If mqttrep wrote the winner itself (an expiry), the message counts as a client's write.
 */
function isSecondOfHeld({ held, winner }: Register, event: Observed, { twice }: Policy): boolean {
  if (!has(twice, event.broker) || isWithoutRetention(event)) return false;
  if (winner === undefined || winner.origin === NOBODY || haveSameContent(winner, event)) return false;
  const holds = held[event.broker];
  return typeof holds === 'object'
    ? haveSameContent(holds, event)
    : holds === 'absent' && event.payload === '';
}

/**
 * With RETAIN the message counts as retained. Its broker may not retain it, and must get it then. A later probe tells which
 * message the broker retains.
 */
function withForcedWrite(
  register: Register,
  result: Outcome<EffectOf<'observed'>>,
  { broker, payload, stamp, newVersion }: Observed,
): Outcome<EffectOf<'observed'>> {
  const holds = register.held[broker];
  const before = heldBefore(register, broker) ?? (typeof holds === 'object' ? holds : undefined);
  const write = { kind: 'forced', broker, payload, version: stamp ?? newVersion, before } as const;
  return { ...result, register: withUnresolved(result.register, write) };
}

/**
 * The message is passed on at once, and its broker is probed.
 *
 * An answer counts if the probe was sent after a message with a payload, and no empty message came since. So mqttrep probes again
 * after an empty message. It also probes again after the first payload that follows.
 */
function andProbed(
  register: Register,
  result: Outcome<EffectOf<'observed'>>,
  event: Observed,
  policy: Policy,
): Outcome<EffectOf<'observed'>> {
  const { broker, payload } = event;
  if (isWithoutRetention(event)) return result;
  const isOpen = isProbing(register, broker);
  const isRepeated = result.effect === 'repeated';
  if (payload === '') {
    const isBelievedHeld = typeof register.held[broker] === 'object' && !policy.retain;
    if (!isOpen && !isBelievedHeld) return result;
    // The second copy of an empty message that is being probed for.
    if (isOpen && isRepeated) return result;
  }
  const noted = isRepeated
    ? result.register
    : withUnresolved(result.register, unresolvedWrite(register, event));
  if (payload !== '' && isOpen && wroteLast(register, broker, policy)) return { ...result, register: noted };
  const { register: probing, commands } = sendProbe(noted, broker, 'urgent');
  return { ...result, register: probing, commands };
}

function unresolvedWrite(
  register: Register,
  { broker, payload, stamp, newVersion }: Observed,
): UnresolvedWrite {
  const version = stamp ?? newVersion;
  const isEmptied = payload === '' && typeof register.held[broker] === 'object';
  const emptied = emptiedAt(register, broker) ?? (isEmptied ? version : undefined);
  return emptied === undefined
    ? { kind: 'live', broker, payload, version }
    : { kind: 'after empty', broker, payload, version, emptied, isEchoAwaited: false };
}

/** Whether the last message of the topic came from a client of the broker, and had a payload. */
export function wroteLast({ winner, transient }: Register, broker: number, policy: Policy): boolean {
  const last = policy.retain ? winner : transient?.message;
  if (last?.origin !== broker || isDeletion(last)) return false;
  return winner === undefined || !isNewer(winner.version, last.version);
}

/**
 * The register without an empty message that deleted nothing. This message proves it in one of two ways. The broker replays the
 * message that it held. Or the broker stored our publish after the empty message.
 */
export function withoutRefutedDeletion(register: Register, event: Observed): Register {
  if (emptiedAt(register, event.broker) === undefined) return register;
  if (isShownAsHeld(register, event)) return withoutEmptied(register, event.broker);
  const echo = register.pending[findEcho(register, event)];
  const isStored = echo?.retained === true && !isDeletion(echo.message);
  return isStored ? withoutEmptied(register, event.broker) : register;
}
