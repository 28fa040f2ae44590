/** What became of the writes that were made while the remote site was cut off, once it is back. */

import type { Retained } from './comparison.ts';
import { REMOTE, type SiteName } from './sites.ts';
import type { Write } from './write-log.ts';

export interface HealReport {
  /** Values of the others that arrived at the remote site. */
  readonly got: readonly Write[];
  /** Values of the others that a newer one of them had replaced before they could be sent. */
  readonly skipped: readonly Write[];
  /** Values of the remote site that arrived at an other one. */
  readonly sent: readonly Write[];
  readonly conflicts: readonly Conflict[];
  /** Topics that were deleted elsewhere, and that the remote site does not hold any more. */
  readonly deleted: readonly string[];
  /** Topics that were deleted elsewhere, and that the remote site still holds. */
  readonly undeleted: readonly string[];
}

/** A topic that was written on both sides of the cut. */
export interface Conflict {
  readonly topic: string;
  /** The last write of either side, in the order in which they were made. */
  readonly writes: readonly Write[];
  /** Whose value all brokers hold; undefined where they do not agree, or hold something else. */
  readonly winner: SiteName | undefined;
}

export function healReport(meanwhile: readonly Write[], retained: Retained): HealReport {
  const fromRemote = meanwhile.filter(({ site }) => site === REMOTE);
  const fromOthers = meanwhile.filter(({ site }) => site !== REMOTE);
  const conflicts = [...new Set(fromRemote.map(({ topic }) => topic))]
    .filter(topic => fromOthers.some(write => write.topic === topic))
    .map(topic => conflictOver(topic, fromRemote, fromOthers, retained));
  const last = (write: Write) => fromOthers.findLast(({ topic }) => topic === write.topic) === write;
  const deletions = fromOthers.filter(write => write.payload === '' && last(write)).map(({ topic }) => topic);
  const isHeld = (topic: string) => retained.get(REMOTE)?.has(topic) === true;
  return {
    got: fromOthers.filter(write => write.payload !== '' && hasArrived(write)),
    skipped: fromOthers.filter(write => !hasArrived(write) && !last(write)),
    sent: fromRemote.filter(hasArrived),
    conflicts,
    deleted: deletions.filter(topic => !isHeld(topic)),
    undeleted: deletions.filter(isHeld),
  };
}

function conflictOver(
  topic: string,
  fromRemote: readonly Write[],
  fromOthers: readonly Write[],
  retained: Retained,
): Conflict {
  const ours = (write: Write) => write.topic === topic;
  const writes = [fromRemote.findLast(ours), fromOthers.findLast(ours)]
    .filter(write => write !== undefined)
    .sort((a, b) => a.at - b.at);
  const won = (write: Write) =>
    [...retained.values()].every(held => (held.get(topic) ?? '') === write.payload);
  return { topic, writes, winner: writes.find(won)?.site };
}

/** Over the link that was cut: at the remote site if it is from elsewhere, else at any other one. */
function hasArrived({ site, deliveries }: Write): boolean {
  if (site !== REMOTE) return deliveries.get(REMOTE)?.kind === 'arrived';
  return [...deliveries.values()].some(({ kind }) => kind === 'arrived');
}
