/** Merge: a retained message against the winner. One of the two wins, and the other is dropped. */

import type { Found, Observed } from './events.ts';
import { haveSameContent, heldAfter, isDeletion, isInSync, type Message } from './message.ts';
import { type Outcome, outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { heldWith, type Register } from './register.ts';
import { replaceHeld, replaceWinner } from './register-changes.ts';
import { compareVersions, isNewer, type Version } from './version.ts';

/** The stamp of a message, unless a client copied it onto another payload: one version has one payload. */
export function trustedStamp(
  register: Register,
  event: Observed | (Found & { readonly broker: number }),
): Version | undefined {
  const { stamp } = event;
  if (stamp === undefined) return undefined;
  const { winner, held } = register;
  const isForged = (known: Message | undefined) =>
    known !== undefined && compareVersions(known.version, stamp) === 0 && known.payload !== event.payload;
  const holds = held[event.broker];
  if (isForged(winner) || isForged(typeof holds === 'object' ? holds : undefined)) return undefined;
  return stamp;
}

/** How a retained message came to be known. */
export interface Candidate {
  readonly broker: number;
  /** The broker itself retains it. */
  readonly stored: boolean;
  /** It is a new write, so that its TTL starts again, even if it equals the winner. */
  readonly refreshes: boolean;
}

/** A message that equals the winner makes no new version, but the TTL of the winner starts again. */
export function merge(
  register: Register,
  message: Message,
  { broker, stored, refreshes }: Candidate,
  { order }: Policy,
): Outcome<'won' | 'lost' | 'repeated'> {
  const { winner, tombstone } = register;
  if (winner !== undefined && haveSameContent(winner, message)) {
    const same = repeated(winner, message, refreshes);
    const holds = stored ? heldWith(register, broker, heldAfter(same)) : register.held;
    const isKnown = same === winner && holds === register.held;
    return outcome(isKnown ? register : replaceWinner(register, same, tombstone, holds), 'repeated');
  }
  const held = stored ? heldWith(register, broker, heldAfter(message)) : register.held;
  if (winner === undefined && isDeletion(message)) return outcome(replaceHeld(register, held), 'repeated');
  if (winner === undefined) return outcome(replaceWinner(register, message, tombstone, held), 'won');
  const isDeleted = wasDeleted(register, message);
  if (isDeleted || order(message, winner) <= 0) {
    const next = replaceWinner(register, winner, tombstoneAfter(register, message), held);
    // A message that was deleted before the winner was written is no conflict.
    return isDeleted
      ? outcome(next, 'lost')
      : { ...outcome(next, 'lost'), conflict: { winner, loser: message } };
  }
  const deleted = tombstoneAfter(register, winner);
  const won = outcome(replaceWinner(register, message, deleted, held), 'won');
  // If the broker held the winner, the client that writes there could read it.
  const isSuccessor = isInSync(register.held[broker] ?? 'unknown', winner);
  return isSuccessor ? won : { ...won, conflict: { winner: message, loser: winner } };
}

/** Whether the message is older than the last deletion before the winner. Then it loses, whatever the merge chain says. */
function wasDeleted({ tombstone }: Register, { version }: Message): boolean {
  return tombstone !== undefined && isNewer(tombstone, version);
}

/** The last deletion before the winner. The loser may be a later deletion than the known one. */
function tombstoneAfter({ tombstone }: Register, loser: Message): Version | undefined {
  if (!isDeletion(loser)) return tombstone;
  return tombstone === undefined || isNewer(loser.version, tombstone) ? loser.version : tombstone;
}

/** The winner after an equal message: with a later expiry if that is a new write, with a later version if it is a copy. */
function repeated(winner: Message, message: Message, refreshes: boolean): Message {
  const version =
    message.version.replica !== '' && !refreshes && isNewer(message.version, winner.version)
      ? message.version
      : winner.version;
  const { messageExpiresAt, ttlExpiresAt } = refreshes && !isDeletion(winner) ? message : winner;
  const isSame =
    version === winner.version &&
    messageExpiresAt === winner.messageExpiresAt &&
    ttlExpiresAt === winner.ttlExpiresAt;
  const { payload, properties, origin } = winner;
  return isSame ? winner : { payload, properties, version, origin, messageExpiresAt, ttlExpiresAt };
}
