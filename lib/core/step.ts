/**
 * The reconciliation of one topic: register × event × policy → register and commands.
 *
 * A function without clock, chance or I/O, so a year of traffic can be simulated and every race replayed.
 * It throws on nothing that a network can send. The reasons for each rule are in docs/reconciliation.md.
 */

import type { Event } from './events.ts';
import { deletion } from './merge.ts';
import { markProbeStale, observed } from './observe.ts';
import { acknowledged, offered, refused } from './offer.ts';
import { type Outcome, outcome } from './outcome.ts';
import { has, type Policy } from './policy.ts';
import { overdue, probed, returned, scanDue, withInferences } from './probes.ts';
import { withRace } from './races.ts';
import {
  emptiedAt,
  expiryOf,
  isDeletion,
  MAX_TRANSIENT_AGE_MS,
  NOBODY,
  type Register,
  withoutUnresolved,
} from './register.ts';
import { restored } from './restore.ts';
import type { Version } from './version.ts';

export function step(register: Register, event: Event, policy: Policy): Outcome {
  switch (event.kind) {
    case 'observed': {
      const result = observed(markProbeStale(register, event.broker), event, policy);
      return withRace(register, event, withInferences(register, result, policy));
    }
    case 'offered':
      return offered(register, event, policy);
    case 'acknowledged':
      return acknowledged(register, event.broker, event.version);
    case 'refused':
      return refused(register, event.broker, event.version);
    case 'echo-overdue':
      return overdue(register, event.broker);
    case 'scan-due':
      return scanDue(register, event.broker);
    case 'probed':
      return withInferences(register, probed(register, event, policy), policy);
    case 'expired':
      return expired(register, event.now, event.newVersion);
    case 'returned':
      return returned(register, event, policy);
    case 'probe-lost':
      return probeLost(register, event.broker);
    case 'restored':
      return restored(register, event, policy);
    case 'withheld':
      return withheld(register);
  }
}

function probeLost(register: Register, broker: number): Outcome {
  const isAsked = has(register.probing, broker);
  if (!isAsked && emptiedAt(register, broker) === undefined) return outcome(register, 'idle');
  const asking = register.probing & ~(1 << broker);
  return outcome(
    { ...register, probing: asking, unresolved: withoutUnresolved(register, broker) },
    'updated',
  );
}

function withheld(register: Register): Outcome {
  const { transient } = register;
  if (transient === undefined || transient.recipients === 0) return outcome(register, 'idle');
  return outcome({ ...register, transient: { ...transient, recipients: 0 } }, 'updated');
}

function expired(register: Register, now: number, fresh: Version): Outcome {
  const { winner } = register;
  if (winner === undefined || expiryOf(winner) > now) return outcome(register, 'idle');
  return outcome({ ...register, winner: deletion(fresh, NOBODY) }, 'expired');
}

/**
 * How long a deletion is remembered at least, in milliseconds: longer than a broker may go back in time. (By
 * default mosquitto saves every half an hour.)
 */
export const TOMBSTONE_RETENTION_MS = 60 * 60_000;

/**
 * How long it is remembered that messages of a topic are not retained, in milliseconds since the last one. It was found
 * by a probe; forgetting it costs another probe at the next message.
 */
export const UNRETAINED_RETENTION_MS = 5 * 60_000;

/** Milliseconds for which a topic that retains nothing is remembered. */
export interface RetentionTimes {
  /** Since its deletion. */
  readonly deletion: number;
  /** Since its last message, where some broker has still to get that. */
  readonly undelivered: number;
  /** Since its last message, where every broker has got that. */
  readonly transient: number;
  /** Since its last message, where a probe found that such messages are not retained. */
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
 * Where there is no room for another topic. A broker that goes back in time by more than the age of the deletion brings
 * the topic back; what lags by less is delivered by then.
 */
export const RETENTION_TIMES_WHEN_FULL: RetentionTimes = {
  deletion: 30_000,
  undelivered: 30_000,
  transient: 5_000,
  unretained: 5_000,
};

/** When a topic that retains nothing may be forgotten at the earliest, in milliseconds since 1970. */
export function forgettableFrom(
  { winner, transient, unretained }: Register,
  { publish }: Pick<Policy, 'publish'>,
  ages: RetentionTimes = USUAL_RETENTION_TIMES,
): number {
  const deleted = winner === undefined ? 0 : winner.version.time + ages.deletion;
  if (transient === undefined) return deleted;
  const age = (transient.recipients & publish) === 0 ? ages.transient : ages.undelivered;
  return Math.max(deleted, transient.since + (unretained === 0 ? age : Math.max(age, ages.unretained)));
}

/**
 * Whether nothing would be lost by forgetting the topic: no message passes, and if it was deleted, that is
 * long ago and every broker that takes part is known to be without it (else it would bring it back).
 */
export function isForgettable(
  register: Register,
  policy: Policy,
  now: number,
  ages: RetentionTimes = USUAL_RETENTION_TIMES,
): boolean {
  const { winner, held } = register;
  const parts = policy.echo | policy.publish;
  if (register.pending.length > 0 || register.probing !== 0) return false;
  if (forgettableFrom(register, policy, ages) > now) return false;
  if (winner === undefined) return held.every(one => typeof one !== 'object');
  return isDeletion(winner) && held.every((one, broker) => !has(parts, broker) || one === 'absent');
}
