/** A retained message against the winner. */

import type { Found, Observed } from './events.ts';
import { haveSameContent, heldAfter, isDeletion, isInSync, type Message } from './message.ts';
import { type Outcome, outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { type Register, withHeld } from './register.ts';
import { compareVersions, isNewer, type Version } from './version.ts';

/**
 * The stamp of a message, unless a client copied it onto a payload of its own: one version with two payloads
 * is a new write.
 */
export function trustedStamp(
  register: Register,
  event: Observed | (Found & { readonly broker: number }),
): Version | undefined {
  const { stamp } = event;
  if (stamp === undefined) return undefined;
  const { winner, held } = register;
  const forged = (known: Message | undefined) =>
    known !== undefined && compareVersions(known.version, stamp) === 0 && known.payload !== event.payload;
  const holds = held[event.broker];
  if (forged(winner) || forged(typeof holds === 'object' ? holds : undefined)) return undefined;
  return stamp;
}

/** How a retained message came to be known. */
export interface Candidate {
  readonly broker: number;
  /** The broker itself retains it. */
  readonly stored: boolean;
  /** It is a new write, so that its time starts again even if it says nothing new. */
  readonly refreshes: boolean;
}

/** A retained message against the winner. Equal to it: no new version, but its time starts again. */
export function merge(
  register: Register,
  message: Message,
  { broker, stored, refreshes }: Candidate,
  { order }: Policy,
): Outcome<'won' | 'lost' | 'repeated'> {
  const { winner } = register;
  const held = (now: Message) => (stored ? withHeld(register, broker, heldAfter(now)) : register.held);
  if (winner !== undefined && haveSameContent(winner, message)) {
    const same = repeated(winner, message, refreshes);
    return outcome({ ...register, winner: same, held: held(same) }, 'repeated');
  }
  if (winner === undefined && isDeletion(message)) {
    return outcome({ ...register, held: held(message) }, 'repeated');
  }
  if (winner === undefined) return outcome({ ...register, winner: message, held: held(message) }, 'won');
  const isOutlived = wasDeleted(register, message);
  if (isOutlived || order(message, winner) <= 0) {
    const next = { ...register, tombstone: tombstoneAfter(register, message), held: held(message) };
    // What was deleted long ago contends with nothing.
    return isOutlived
      ? outcome(next, 'lost')
      : { ...outcome(next, 'lost'), conflict: { winner, loser: message } };
  }
  const tombstone = tombstoneAfter(register, winner);
  const won = outcome({ ...register, winner: message, tombstone, held: held(message) }, 'won');
  // A broker that held the winner had shown it to whoever writes there.
  const isSuccessor = isInSync(register.held[broker] ?? 'unknown', winner);
  return isSuccessor ? won : { ...won, conflict: { winner: message, loser: winner } };
}

/** Older than a deletion that the winner has outlived: whatever the merge chain says of the two. */
function wasDeleted({ tombstone }: Register, { version }: Message): boolean {
  return tombstone !== undefined && isNewer(tombstone, version);
}

/** The last deletion, now that this loser is known. */
function tombstoneAfter({ tombstone }: Register, loser: Message): Version | undefined {
  if (!isDeletion(loser)) return tombstone;
  return tombstone === undefined || isNewer(loser.version, tombstone) ? loser.version : tombstone;
}

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
  return isSame ? winner : { ...winner, version, messageExpiresAt, ttlExpiresAt };
}
