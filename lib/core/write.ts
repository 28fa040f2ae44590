/** A write: a client's message, seen for the first time. A retained one is merged, a transient one is passed on. */

import type { Observed } from './events.ts';
import { merge, trustedStamp } from './merge.ts';
import { afterTtl, haveSameContent, isDeletion, type Message } from './message.ts';
import { type Outcome, outcome } from './outcome.ts';
import { ALL_BROKERS, has, type Policy } from './policy.ts';
import type { Register, Transient } from './register.ts';
import { replaceHeld, replaceTransient } from './register-changes.ts';
import { isNewer } from './version.ts';

/** A broker that delivers each message twice delivers the second copy within so many milliseconds. */
const SECOND_COPY_AGE_MS = 250;

/** A broker without retained messages "holds" the last message that was published to it. */
export function isWithoutRetention({ returnState }: Observed): boolean {
  return returnState === 'no retention';
}

/**
 * A message to be merged as the topic's retained one.
 * @param isStored the broker itself retains it
 */
export function retainedWrite(
  register: Register,
  event: Observed,
  policy: Policy,
  isStored: boolean,
): Outcome<'won' | 'lost' | 'repeated'> {
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
  // A message with a stamp is a copy, and restarts no TTL. That applies also to a stamp that is not trusted.
  const refreshes = event.stamp === undefined && !isOld;
  const result = merge(register, message, { broker, stored: isStored, refreshes }, policy);
  const isRepetition = result.effect === 'repeated' && refreshes && !event.replay;
  return isRepetition && policy.repeat ? repeatedToOthers(result, event, policy) : result;
}

/**
 * With REPEAT each broker is given an equal message once more: from here on it is not known to hold it. The second copy of
 * one message is no repetition, or copies of our own publishes would be repeated for ever.
 */
function repeatedToOthers(
  result: Outcome<'won' | 'lost' | 'repeated'>,
  event: Observed,
  { twice }: Policy,
): Outcome<'won' | 'lost' | 'repeated'> {
  const { register } = result;
  const { winner, held } = register;
  const isSecondCopy = has(twice, event.broker) && event.retained === undefined;
  if (winner === undefined || isDeletion(winner) || isSecondCopy) return result;
  const unknown = held.map((one, broker) => (broker === event.broker || one === 'absent' ? one : 'unknown'));
  return { ...result, register: replaceHeld(register, unknown) };
}

/** A message that is not retained. Each other broker is given it once, unless a newer one comes before. */
export function transientWrite(
  register: Register,
  event: Observed,
  { twice }: Policy,
): Outcome<'transient' | 'repeated'> {
  const { transient } = register;
  const isOld =
    event.stamp !== undefined && transient !== undefined && !isNewer(event.stamp, transient.message.version);
  const isSecond = transient !== undefined && has(twice, event.broker) && isSecondCopy(transient, event);
  if (event.own || isOld || isSecond) return outcome(register, 'repeated');
  const message: Message = {
    payload: event.payload,
    properties: event.properties,
    version: event.stamp ?? event.newVersion,
    origin: event.broker,
    messageExpiresAt: event.now + event.expiry,
    ttlExpiresAt: Number.POSITIVE_INFINITY,
  };
  const recipients = ALL_BROKERS & ~(1 << event.broker);
  return outcome(replaceTransient(register, { message, recipients, since: event.now }), 'transient');
}

function isSecondCopy({ message, since }: Transient, event: Observed): boolean {
  return (
    message.origin === event.broker &&
    event.now - since < SECOND_COPY_AGE_MS &&
    haveSameContent(message, event)
  );
}
