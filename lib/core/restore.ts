/** A person restores an earlier message of a topic: it is written once more. */

import type { Restored } from './events.ts';
import { afterTtl, haveSameContent, type Message, NOBODY } from './message.ts';
import { type Outcome, outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import type { Register } from './register.ts';
import { replaceWinner } from './register-changes.ts';
import { isNewer } from './version.ts';

/**
 * The message wins, whatever the merge chain says: a person has decided. The message that it replaces counts as deleted. So
 * a broker that returns with that message does not bring it back, even if the chain prefers it.
 */
export function restored(register: Register, event: Restored, { ttl }: Policy): Outcome<'won' | 'repeated'> {
  const { payload, properties, newVersion, now } = event;
  const { winner, tombstone, held } = register;
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
  return outcome(replaceWinner(register, message, isLater ? replaced : tombstone, held), 'won');
}
