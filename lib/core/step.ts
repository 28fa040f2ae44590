/**
 * The reconciliation of one topic: register × event × policy → register and commands.
 *
 * A function without clock, chance or I/O, so a year of traffic can be simulated and every race replayed.
 * It throws on nothing that a network can send. The reasons for each rule are in docs/reconciliation.md.
 */

import { doubted, overdue, probed, returned } from './ask.ts';
import { deletion } from './contend.ts';
import type { Event } from './events.ts';
import { observed, overtake } from './observe.ts';
import { acknowledged, offered, refused } from './offer.ts';
import { type Outcome, outcome } from './outcome.ts';
import { has, type Policy } from './policy.ts';
import { isDeletion, PASSING_AGE, type Register } from './register.ts';
import type { Version } from './version.ts';

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
    case 'doubted':
      return doubted(register, event.broker);
    case 'probed':
      return probed(register, event, policy);
    case 'expired':
      return expired(register, event.now, event.fresh);
    case 'returned':
      return returned(register, event, policy);
    case 'unanswered':
      return has(register.asking, event.broker)
        ? outcome({ ...register, asking: register.asking & ~(1 << event.broker) }, 'settled')
        : outcome(register, 'idle');
  }
}

/** The origin of what mqttrep itself writes. */
const NOBODY = -1;

function expired(register: Register, now: number, fresh: Version): Outcome {
  const { winner } = register;
  if (winner === undefined || winner.expiresAt > now) return outcome(register, 'idle');
  return outcome({ ...register, winner: deletion(fresh, NOBODY) }, 'expired');
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
