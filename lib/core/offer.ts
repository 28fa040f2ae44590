/** A message goes out to one broker, and comes back as an echo or an acknowledgement. */

import type { Offered, Publish } from './events.ts';
import { type Outcome, outcome } from './outcome.ts';
import { has, type Policy } from './policy.ts';
import {
  heldAfter,
  isInSync,
  isNewer,
  MAX_PENDING,
  MAX_TRANSIENT_AGE_MS,
  type Message,
  type Pending,
  pendingAt,
  type Register,
  type Transient,
  willHold,
  withHeld,
  withoutPending,
  withoutTransient,
} from './register.ts';
import { compareVersions, type Version } from './version.ts';

/** Whether there is anything for a broker that is offered the topic. */
export function lacks(register: Register, broker: number): boolean {
  const { winner, transient } = register;
  if (transient !== undefined && has(transient.recipients, broker)) return true;
  return winner !== undefined && !isInSync(willHold(register, broker), winner);
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
  const { winner, transient } = register;
  const isPermitted = has(policy.publish, broker);
  const isRecipient = transient !== undefined && has(transient.recipients, broker);
  const transientMessage =
    isRecipient && isPermitted && isCurrent(transient, now) ? transient.message : undefined;
  const isLacking = winner !== undefined && isPermitted && !isInSync(willHold(register, broker), winner);
  const isAsked = has(register.probing, broker);
  const retained = isLacking && !isAsked && !isTransientOnly ? winner : undefined;
  const commands = byVersion(transientMessage, retained)
    .slice(0, room)
    .map(message => publish(message, broker, message === retained, policy));
  const isLeft = transientMessage !== undefined && !commands.some(({ retain }) => !retain);
  const next =
    isRecipient && !isLeft ? { ...register, transient: withoutRecipient(transient, broker) } : register;
  if (commands.length === 0) return outcome(next, isLacking && isAsked ? 'probing' : 'idle');
  const sent = commands.map((c): Pending => ({ broker, retained: c.retain, message: c.message }));
  return { register: { ...next, pending: [...register.pending, ...sent] }, effect: 'published', commands };
}

function isCurrent({ message, since }: Transient, now: number): boolean {
  return Math.abs(now - since) < MAX_TRANSIENT_AGE_MS && message.messageExpiresAt > now;
}

function withoutRecipient(passing: Transient, broker: number): Transient {
  return { ...passing, recipients: passing.recipients & ~(1 << broker) };
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
    : { ...echoed(register, broker, index, index), effect: 'updated' };
}

export function refused(register: Register, broker: number, version: Version): Outcome {
  const index = pendingIndex(register, broker, version);
  if (index < 0) return outcome(register, 'idle');
  return outcome({ ...register, pending: register.pending.toSpliced(index, 1) }, 'updated');
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
    return outcome({ ...register, pending: withoutTransient(register, broker, last) }, 'echo');
  return outcome(
    {
      ...register,
      held: withHeld(register, broker, heldAfter(entry.message)),
      pending: withoutPending(register, broker, last),
    },
    'echo',
  );
}
