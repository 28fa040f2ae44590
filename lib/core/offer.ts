/** A message goes out to one broker, and comes back as an echo or an acknowledgement. */

import type { Offered, Publish } from './events.ts';
import { type Outcome, outcome } from './outcome.ts';
import { has, type Policy } from './policy.ts';
import {
  agrees,
  heldAfter,
  isNewer,
  MAX_PENDING,
  type Message,
  PASSING_AGE,
  type Passing,
  type Pending,
  pendingAt,
  type Register,
  willHold,
  withHeld,
  withoutPassing,
  withoutPending,
} from './register.ts';
import { compareVersions, type Version } from './version.ts';

/** Whether there is anything for a broker that is offered the topic. */
export function lacks(register: Register, broker: number): boolean {
  const { winner, passing } = register;
  if (passing !== undefined && has(passing.owed, broker)) return true;
  return winner !== undefined && !agrees(willHold(register, broker), winner);
}

/**
 * What the broker lacks goes out in the order of the versions: a subscriber ends with what was written last, be it
 * retained or transient.
 */
export function offered(
  register: Register,
  { broker, now, isTransientOnly = false }: Offered,
  policy: Policy,
): Outcome {
  const room = MAX_PENDING - pendingAt(register, broker);
  if (room <= 0) return outcome(register, lacks(register, broker) ? 'full' : 'idle');
  const { winner, passing } = register;
  const isPermitted = has(policy.publish, broker);
  const isOwed = passing !== undefined && has(passing.owed, broker);
  const transient = isOwed && isPermitted && isCurrent(passing, now) ? passing.message : undefined;
  const isLacking = winner !== undefined && isPermitted && !agrees(willHold(register, broker), winner);
  const isAsked = has(register.asking, broker);
  const retained = isLacking && !isAsked && !isTransientOnly ? winner : undefined;
  const commands = byVersion(transient, retained)
    .slice(0, room)
    .map(message => publish(message, broker, message === retained, policy));
  const isLeft = transient !== undefined && !commands.some(({ retain }) => !retain);
  const next = isOwed && !isLeft ? { ...register, passing: notOwed(passing, broker) } : register;
  if (commands.length === 0) return outcome(next, isLacking && isAsked ? 'asked' : 'idle');
  const sent = commands.map((c): Pending => ({ broker, retained: c.retain, message: c.message }));
  return { register: { ...next, pending: [...register.pending, ...sent] }, effect: 'published', commands };
}

function isCurrent({ message, since }: Passing, now: number): boolean {
  return Math.abs(now - since) < PASSING_AGE && message.expiresAt > now;
}

function notOwed(passing: Passing, broker: number): Passing {
  return { ...passing, owed: passing.owed & ~(1 << broker) };
}

function byVersion(transient: Message | undefined, retained: Message | undefined): readonly Message[] {
  if (transient === undefined) return retained === undefined ? [] : [retained];
  if (retained === undefined) return [transient];
  return isNewer(transient.version, retained.version) ? [retained, transient] : [transient, retained];
}

function publish(message: Message, broker: number, retain: boolean, policy: Policy): Publish {
  return { kind: 'publish', broker, message, retain, qos: policy.qos, confirm: !has(policy.echo, broker) };
}

export function acknowledged(register: Register, broker: number, version: Version): Outcome {
  const index = pendingIndex(register, broker, version);
  return index < 0
    ? outcome(register, 'idle')
    : { ...echoed(register, broker, index, index), effect: 'settled' };
}

export function refused(register: Register, broker: number, version: Version): Outcome {
  const index = pendingIndex(register, broker, version);
  if (index < 0) return outcome(register, 'idle');
  return outcome({ ...register, pending: register.pending.toSpliced(index, 1) }, 'settled');
}

function pendingIndex(register: Register, broker: number, version: Version): number {
  return register.pending.findIndex(
    entry => entry.broker === broker && compareVersions(entry.message.version, version) === 0,
  );
}

/**
 * The broker took what we published. If that was retained, it overwrote all that was pending before it; if not, it tells
 * nothing of what should be retained, which stays pending.
 */
export function echoed(register: Register, broker: number, last: number, echo: number): Outcome {
  const entry = register.pending[echo];
  if (entry?.retained !== true)
    return outcome({ ...register, pending: withoutPassing(register, broker, last) }, 'echo');
  return outcome(
    {
      ...register,
      held: withHeld(register, broker, heldAfter(entry.message)),
      pending: withoutPending(register, broker, last),
    },
    'echo',
  );
}
