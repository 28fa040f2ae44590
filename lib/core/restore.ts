/** A person takes back what became of a topic: an earlier message is written once more. */

import { afterTtl } from './contend.ts';
import type { Restored } from './events.ts';
import { type Outcome, outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { alike, isNewer, type Message, NOBODY, type Register } from './register.ts';

/**
 * The message wins, whatever the merge chain says: a person has decided. What it replaces counts as deleted before, so
 * that no broker that comes back with it brings it back, although the chain prefers it.
 */
export function restored(register: Register, event: Restored, { ttl }: Policy): Outcome {
  const { payload, properties, fresh, now } = event;
  const { winner, cleared } = register;
  if (winner !== undefined && alike(winner, { payload, properties })) return outcome(register, 'repeated');
  const message: Message = {
    payload,
    properties,
    version: fresh,
    origin: NOBODY,
    expiresAt: Number.POSITIVE_INFINITY,
    erasedAt: afterTtl(now, ttl),
  };
  const replaced = winner?.version;
  const isLater = replaced !== undefined && (cleared === undefined || isNewer(replaced, cleared));
  return outcome({ ...register, winner: message, cleared: isLater ? replaced : cleared }, 'won');
}
