/** A person takes back what became of a topic: an earlier message is written once more. */

import type { Restored } from './events.ts';
import { afterTtl } from './merge.ts';
import { type Outcome, outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { haveSameContent, isNewer, type Message, NOBODY, type Register } from './register.ts';

/**
 * The message wins, whatever the merge chain says: a person has decided. What it replaces counts as deleted before, so
 * that no broker that comes back with it brings it back, although the chain prefers it.
 */
export function restored(register: Register, event: Restored, { ttl }: Policy): Outcome {
  const { payload, properties, newVersion, now } = event;
  const { winner, tombstone } = register;
  if (winner !== undefined && haveSameContent(winner, { payload, properties }))
    return outcome(register, 'repeated');
  const message: Message = {
    payload,
    properties,
    version: newVersion,
    origin: NOBODY,
    messageExpiresAt: Number.POSITIVE_INFINITY,
    ttlExpiresAt: afterTtl(now, ttl),
  };
  const replaced = winner?.version;
  const isLater = replaced !== undefined && (tombstone === undefined || isNewer(replaced, tombstone));
  return outcome({ ...register, winner: message, tombstone: isLater ? replaced : tombstone }, 'won');
}
