/**
 * Contention: a client of a broker and we write a topic there at about the same time.
 *
 * Which of the two the broker then retains is the outcome of a race, and brokers that store and deliver in different ways
 * (HiveMQ and Artemis do) may deliver the one last and retain the other: what we saw last is not proof enough, and has to
 * be looked at. What one writer writes, whether a client or we, is taken to be stored in its order.
 */

import type { Observed } from './events.ts';
import type { Outcome } from './outcome.ts';
import { haveSameContent, isDeletion, type Register } from './register.ts';
import type { Version } from './version.ts';

/**
 * Writes by two are taken to have met if they are no more than so many milliseconds apart. Ours counts from when it was
 * first seen: at a tick a second it arrives up to a second after that, and later over a slow link.
 */
const RACE_WINDOW_MS = 10_000;

/** What a broker delivered, under a register as it was before, with word of whether it met another write there. */
export function withRace(before: Register, event: Observed, result: Outcome): Outcome {
  if (event.replay || event.retained === false) return result;
  const isMet = result.effect === 'echo' ? oursRaced(before, event, result) : theirsRaced(before, event);
  return isMet ? { ...result, raced: true } : result;
}

/** Our own publish came back, and a client had written before. */
function oursRaced(before: Register, event: Observed, { register }: Outcome): boolean {
  const { broker } = event;
  const last = lastStored(before, broker);
  if (last === undefined || !isRecent(last.version, event)) return false;
  const isOfClient = last.origin === undefined || last.origin === broker;
  // What was written at the broker itself is given back to it where a client overwrote that.
  const stored = register.held[broker];
  return isOfClient || (typeof stored === 'object' && stored.origin === broker);
}

/** A client wrote, and something of ours had just arrived or is under way. */
function theirsRaced(before: Register, event: Observed): boolean {
  const { broker, payload, stamp } = event;
  const { winner, held, pending } = before;
  if (pending.some(one => one.broker === broker && one.retained && !haveSameContent(one.message, event)))
    return true;
  // Neither leaves a trace by which to tell that what is delivered next has met it.
  const deletesNothing = payload === '' && stamp === undefined && typeof held[broker] !== 'object';
  const repeatsOther = winner !== undefined && winner.origin !== broker && haveSameContent(winner, event);
  if (deletesNothing || (repeatsOther && isRecent(winner.version, event))) return true;
  const last = lastStored(before, broker);
  return last !== undefined && last.origin !== broker && isRecent(last.version, event);
}

interface Stored {
  readonly version: Version;
  /** Undefined where it is not known who deleted it. */
  readonly origin: number | undefined;
}

/** What the broker stored last, as far as is known. */
function lastStored({ held, winner, tombstone }: Register, broker: number): Stored | undefined {
  const holds = held[broker];
  if (typeof holds === 'object') return holds;
  if (holds !== 'absent') return undefined;
  if (winner !== undefined && isDeletion(winner)) return winner;
  return tombstone === undefined ? undefined : { version: tombstone, origin: undefined };
}

function isRecent(version: Version, { newVersion }: Observed): boolean {
  return newVersion.time - version.time < RACE_WINDOW_MS;
}
