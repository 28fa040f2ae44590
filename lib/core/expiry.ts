/** The winner expires, by its TTL or its message expiry: it becomes a deletion. */

import type { Expired } from './events.ts';
import { deletion, expiryOf, NOBODY } from './message.ts';
import { type Outcome, outcome } from './outcome.ts';
import type { Register } from './register.ts';
import { replaceWinner } from './register-changes.ts';

export function expired(register: Register, { now, newVersion }: Expired): Outcome<'expired' | 'idle'> {
  const { winner } = register;
  if (winner === undefined || expiryOf(winner) > now) return outcome(register, 'idle');
  const { tombstone, held } = register;
  return outcome(replaceWinner(register, deletion(newVersion, NOBODY), tombstone, held), 'expired');
}
