/** A message goes out to one broker, and comes back as an echo or an acknowledgement. */

import type { Publish } from './events.ts';
import { type Outcome, outcome } from './outcome.ts';
import { has, type Policy } from './policy.ts';
import {
  agrees,
  heldAfter,
  MAX_PENDING,
  type Message,
  PASSING_AGE,
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

export function offered(register: Register, broker: number, now: number, policy: Policy): Outcome {
  const room = MAX_PENDING - pendingAt(register, broker);
  if (room <= 0) return outcome(register, lacks(register, broker) ? 'full' : 'idle');
  const commands: Publish[] = [];
  let next = register;
  if (register.passing !== undefined && has(register.passing.owed, broker)) {
    const { message, owed, since } = register.passing;
    next = { ...next, passing: { message, since, owed: owed & ~(1 << broker) } };
    if (has(policy.publish, broker) && Math.abs(now - since) < PASSING_AGE && message.expiresAt > now) {
      commands.push(publish(message, broker, false, policy));
    }
  }
  const { winner } = register;
  const isLacking =
    winner !== undefined && has(policy.publish, broker) && !agrees(willHold(register, broker), winner);
  const isAsked = has(register.asking, broker);
  if (isLacking && !isAsked && commands.length < room) commands.push(publish(winner, broker, true, policy));
  if (commands.length === 0) return outcome(next, isLacking && isAsked ? 'asked' : 'idle');
  const sent = commands.map((c): Pending => ({ broker, retained: c.retain, message: c.message }));
  return { register: { ...next, pending: [...register.pending, ...sent] }, effect: 'published', commands };
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
