/** When a topic that retains nothing may be forgotten. */

import { isDeletion } from './message.ts';
import { has, type Policy } from './policy.ts';
import { MAX_TRANSIENT_AGE_MS, type Register } from './register.ts';

/**
 * How long a deletion is remembered at least, in milliseconds. It is longer than a broker may go back in time: a common
 * default is to save every half an hour.
 */
export const TOMBSTONE_RETENTION_MS = 60 * 60_000;

/**
 * How long it is remembered that messages of a topic are not retained, in milliseconds since the last one. A probe found
 * that. To forget it costs another probe at the next message.
 */
export const UNRETAINED_RETENTION_MS = 5 * 60_000;

/** Milliseconds for which a topic that retains nothing is remembered. */
export interface RetentionTimes {
  /** Since its deletion. */
  readonly deletion: number;
  /** Since its last message, if some broker has still to get that. */
  readonly undelivered: number;
  /** Since its last message, if every broker has got that. */
  readonly transient: number;
  /** Since its last message, if a probe found that such messages are not retained. */
  readonly unretained: number;
}

/** While there is room. */
export const USUAL_RETENTION_TIMES: RetentionTimes = {
  deletion: TOMBSTONE_RETENTION_MS,
  undelivered: MAX_TRANSIENT_AGE_MS,
  transient: MAX_TRANSIENT_AGE_MS,
  unretained: UNRETAINED_RETENTION_MS,
};

/**
 * While there is no room for another topic. A broker that goes back in time by more than the age of the deletion brings the
 * topic back. A message that lags by less is delivered by then.
 */
export const RETENTION_TIMES_WHEN_FULL: RetentionTimes = {
  deletion: 30_000,
  undelivered: 30_000,
  transient: 5_000,
  unretained: 5_000,
};

/** When a topic that retains nothing may be forgotten at the earliest, in milliseconds since 1970. */
export function forgettableFrom(
  { winner, transient, inference }: Register,
  { publish }: Pick<Policy, 'publish'>,
  times: RetentionTimes = USUAL_RETENTION_TIMES,
): number {
  const deleted = winner === undefined ? 0 : winner.version.time + times.deletion;
  if (transient === undefined) return deleted;
  const isDelivered = (transient.recipients & publish) === 0;
  const time = isDelivered ? times.transient : times.undelivered;
  const isUnretained = inference.unretained !== 0;
  return Math.max(deleted, transient.since + (isUnretained ? Math.max(time, times.unretained) : time));
}

/**
 * Whether nothing would be lost by forgetting the topic. No transient message waits. A deletion must be old enough. Every broker
 * that takes part must be known to lack the topic. A broker that still had it would bring it back.
 */
export function isForgettable(
  register: Register,
  policy: Policy,
  now: number,
  times: RetentionTimes = USUAL_RETENTION_TIMES,
): boolean {
  const { winner, held } = register;
  const participants = policy.echo | policy.publish;
  if (register.pending.length > 0 || register.probes.length > 0) return false;
  if (forgettableFrom(register, policy, times) > now) return false;
  if (winner === undefined) return held.every(one => typeof one !== 'object');
  return isDeletion(winner) && held.every((one, broker) => !has(participants, broker) || one === 'absent');
}
