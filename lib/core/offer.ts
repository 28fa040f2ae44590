/** The tick offers a topic to one broker: it is sent what it lacks, and acknowledges or refuses that. */

import { confirmed } from './echo.ts';
import type { EffectOf } from './effects.ts';
import type { Acknowledged, Offered, Publish, Refused } from './events.ts';
import { isInSync, type Message } from './message.ts';
import { type Outcome, outcome } from './outcome.ts';
import { has, type Policy } from './policy.ts';
import {
  isProbing,
  MAX_PENDING,
  MAX_TRANSIENT_AGE_MS,
  pendingAt,
  type Register,
  type Transient,
  willHold,
} from './register.ts';
import { replacePending, replaceTransient } from './register-changes.ts';
import { compareVersions, isNewer, type Version } from './version.ts';

/** Whether the broker lacks the winner or the transient message. */
export function lacks(register: Register, broker: number): boolean {
  return lacksTransient(register, broker) || lacksWinner(register, broker);
}

/** Whether the transient message has still to be passed on to the broker. */
export function lacksTransient({ transient }: Register, broker: number): boolean {
  return transient !== undefined && has(transient.recipients, broker);
}

/** Whether the broker will hold another message than the winner, as far as is known. */
export function lacksWinner(register: Register, broker: number): boolean {
  const { winner } = register;
  return winner !== undefined && !isInSync(willHold(register, broker), winner);
}

/**
 * The broker is sent what it lacks in the order of the versions: so a subscriber ends with the last write, retained or
 * transient. No retained message is sent while a probe is open there: the answer could be older or newer than that message.
 */
export function offered(
  register: Register,
  { broker, now, isTransientOnly = false }: Offered,
  policy: Policy,
): Outcome<EffectOf<'offered'>> {
  const room = MAX_PENDING - pendingAt(register, broker);
  if (room <= 0) return outcome(register, lacks(register, broker) ? 'full' : 'idle');
  const { winner, transient } = register;
  const isPermitted = has(policy.publish, broker);
  const isRecipient = transient !== undefined && has(transient.recipients, broker);
  const transientMessage =
    isRecipient && isPermitted && isCurrent(transient, now) ? transient.message : undefined;
  const isLacking = winner !== undefined && isPermitted && !isInSync(willHold(register, broker), winner);
  const hasProbe = isProbing(register, broker);
  const retained = isLacking && !hasProbe && !isTransientOnly ? winner : undefined;
  const messages = byVersion(transientMessage, retained);
  if (messages.length > room) messages.length = room;
  const isLeft = transientMessage !== undefined && !messages.includes(transientMessage);
  const next =
    isRecipient && !isLeft ? replaceTransient(register, withoutRecipient(transient, broker)) : register;
  if (messages.length === 0) return outcome(next, isLacking && hasProbe ? 'probing' : 'idle');
  // `map` makes arrays of exact length; `push` would leave room for 16 more elements in each.
  const added = messages.map(message => ({ broker, retained: message === retained, message }));
  const pending = register.pending.length === 0 ? added : [...register.pending, ...added];
  const commands = messages.map(message => publish(message, broker, message === retained, policy));
  return { register: replacePending(next, pending), effect: 'published', commands };
}

function isCurrent({ message, since }: Transient, now: number): boolean {
  return Math.abs(now - since) < MAX_TRANSIENT_AGE_MS && message.messageExpiresAt > now;
}

function withoutRecipient(transient: Transient, broker: number): Transient {
  const { message, recipients, since } = transient;
  return { message, recipients: recipients & ~(1 << broker), since };
}

function byVersion(transient: Message | undefined, retained: Message | undefined): Message[] {
  if (transient === undefined) return retained === undefined ? [] : [retained];
  if (retained === undefined) return [transient];
  return isNewer(transient.version, retained.version) ? [retained, transient] : [transient, retained];
}

function publish(message: Message, broker: number, retain: boolean, policy: Policy): Publish {
  return { kind: 'publish', broker, message, retain, qos: policy.qos, hasNoEcho: !has(policy.echo, broker) };
}

/** Proves something only of topics to which we do not subscribe there: other acknowledgements are not brought here. */
export function acknowledged(
  register: Register,
  { broker, version }: Acknowledged,
): Outcome<'updated' | 'idle'> {
  const index = pendingIndex(register, broker, version);
  return index < 0
    ? outcome(register, 'idle')
    : outcome(confirmed(register, broker, index, index), 'updated');
}

export function refused(register: Register, { broker, version }: Refused): Outcome<'updated' | 'idle'> {
  const index = pendingIndex(register, broker, version);
  if (index < 0) return outcome(register, 'idle');
  return outcome(replacePending(register, register.pending.toSpliced(index, 1)), 'updated');
}

function pendingIndex(register: Register, broker: number, version: Version): number {
  return register.pending.findIndex(
    entry => entry.broker === broker && compareVersions(entry.message.version, version) === 0,
  );
}

/** mqttrep does not pass the transient message on any more. The message is too old, or it circles. */
export function withheld(register: Register): Outcome<'updated' | 'idle'> {
  const { transient } = register;
  if (transient === undefined || transient.recipients === 0) return outcome(register, 'idle');
  const { message, since } = transient;
  return outcome(replaceTransient(register, { message, recipients: 0, since }), 'updated');
}
