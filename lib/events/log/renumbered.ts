/** Records name brokers by indexes. A segment that was written for other brokers has other indexes. */

import { has } from '../../core/policy.ts';
import type { LoggedEvent } from '../ledger/event-record.ts';

/** No broker: its name is not configured any more. */
const NOBODY = 255;

/**
 * The event with the indexes of these names.
 * @param written the names by the indexes that the event has now
 */
export function inIndexesOf(
  names: readonly string[],
  written: readonly string[],
  event: LoggedEvent,
): LoggedEvent {
  if (names === written) return event;
  let recipients = 0;
  for (const [index, name] of names.entries()) {
    const before = written.indexOf(name);
    if (before >= 0 && has(event.recipients, before)) recipients |= 1 << index;
  }
  return { ...event, recipients, origin: indexOf(names, written[event.origin]) };
}

function indexOf(names: readonly string[], name: string | undefined): number {
  const index = name === undefined ? -1 : names.indexOf(name);
  return index < 0 ? NOBODY : index;
}
