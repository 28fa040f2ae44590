/**
 * Races: a client of a broker and mqttrep write a topic there at about the same time.
 *
 * Which of the two writes the broker retains is decided by the race. Some brokers deliver one last and retain the other: the
 * last delivery does not prove what they retain, and a probe has to tell. Writes of one writer, a client or mqttrep, are
 * taken to be stored in their order.
 */

import type { EffectOf } from './effects.ts';
import type { Observed } from './events.ts';
import { haveSameContent, isDeletion } from './message.ts';
import type { Outcome } from './outcome.ts';
import type { Register } from './register.ts';
import type { Version } from './version.ts';

/**
 * Two writes race if they are less than so many milliseconds apart. The time of our write is the time at which mqttrep first saw
 * the message. Our write may arrive a tick later, or more over a slow link.
 */
const RACE_WINDOW_MS = 10_000;

/** The result of a delivery, marked where the message raced with another write at the broker. */
export function withRace(
  before: Register,
  event: Observed,
  result: Outcome<EffectOf<'observed'>>,
): Outcome<EffectOf<'observed'>> {
  if (event.replay || event.retained === false) return result;
  const isRace = result.effect === 'echo' ? oursRaced(before, event, result) : theirsRaced(before, event);
  return isRace ? { ...result, raced: true } : result;
}

/** The echo of our publish came, and a client had written before it. */
function oursRaced(before: Register, event: Observed, { register }: Outcome): boolean {
  const { broker } = event;
  const last = lastStored(before, broker);
  if (last === undefined || !isRecent(last.version, event)) return false;
  const isOfClient = last.origin === undefined || last.origin === broker;
  // The broker is given its own write back where a client overwrote that.
  const stored = register.held[broker];
  return isOfClient || (typeof stored === 'object' && stored.origin === broker);
}

/** A client wrote, and a publish of ours had just arrived or is pending. */
function theirsRaced(before: Register, event: Observed): boolean {
  const { broker, payload, stamp } = event;
  const { winner, held, pending } = before;
  if (
    pending.length > 0 &&
    pending.some(one => one.broker === broker && one.retained && !haveSameContent(one.message, event))
  )
    return true;
  // These two writes do not change the register. So the register could not show that the next delivery races with them.
  const deletesNothing = payload === '' && stamp === undefined && typeof held[broker] !== 'object';
  const repeatsOther = winner !== undefined && winner.origin !== broker && haveSameContent(winner, event);
  if (deletesNothing || (repeatsOther && isRecent(winner.version, event))) return true;
  const last = lastStored(before, broker);
  return last !== undefined && last.origin !== broker && isRecent(last.version, event);
}

interface Stored {
  readonly version: Version;
  /** Undefined if it is not known who deleted it. */
  readonly origin: number | undefined;
}

/** The last write that the broker stored, as far as is known. */
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
