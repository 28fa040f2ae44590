/** What happened to the writes that were made while the remote site was cut off, after its link was healed. */

import type { Retained } from './comparison.ts';
import { REMOTE, type SiteName } from './sites.ts';
import type { Command, Write } from './write-log.ts';

export interface HealReport {
  /** Values of the other sites that arrived at the remote site. */
  readonly received: readonly Write[];
  /** Values of the other sites that a newer value replaced before mqttrep could send them. */
  readonly skipped: readonly Write[];
  /** Values of the remote site that arrived at another site. */
  readonly sent: readonly Write[];
  readonly conflicts: readonly Conflict[];
  /** Topics that were deleted elsewhere and are deleted at the remote site too. */
  readonly deleted: readonly string[];
  /** Topics that were deleted elsewhere and that the remote site still retains. */
  readonly notDeleted: readonly string[];
  readonly commands: readonly CommandReport[];
}

/** The commands under one topic that were given to the remote site during the cut. */
export interface CommandReport {
  readonly topic: string;
  readonly given: readonly string[];
  /** What the client at the remote site received since the link was healed, each copy, in its order. */
  readonly received: readonly string[];
}

/** A topic that was written at both sides of the cut. */
export interface Conflict {
  readonly topic: string;
  /** The last write of each side, in the order of their times. */
  readonly writes: readonly Write[];
  /** The site whose value all brokers retain. Undefined if the brokers differ, or retain another value. */
  readonly winner: SiteName | undefined;
}

/** @param received commands that clients received since the link was healed */
export function healReport(
  writes: readonly Write[],
  retained: Retained,
  received: readonly Command[] = [],
): HealReport {
  const meanwhile = writes.filter(({ isCommand }) => !isCommand);
  const fromRemote = meanwhile.filter(({ site }) => site === REMOTE);
  const fromOthers = meanwhile.filter(({ site }) => site !== REMOTE);
  const conflicts = [...new Set(fromRemote.map(({ topic }) => topic))]
    .filter(topic => fromOthers.some(write => write.topic === topic))
    .map(topic => conflictOver(topic, fromRemote, fromOthers, retained));
  const isLast = (write: Write) => fromOthers.findLast(({ topic }) => topic === write.topic) === write;
  const deletions = fromOthers
    .filter(write => write.payload === '' && isLast(write))
    .map(({ topic }) => topic);
  const isHeld = (topic: string) => retained.get(REMOTE)?.has(topic) === true;
  return {
    received: fromOthers.filter(write => write.payload !== '' && hasArrived(write)),
    skipped: fromOthers.filter(write => !hasArrived(write) && !isLast(write)),
    sent: fromRemote.filter(hasArrived),
    conflicts,
    deleted: deletions.filter(topic => !isHeld(topic)),
    notDeleted: deletions.filter(isHeld),
    commands: commandReports(writes, received),
  };
}

function commandReports(writes: readonly Write[], received: readonly Command[]): CommandReport[] {
  const given = writes.filter(({ isCommand, site }) => isCommand && site !== REMOTE);
  return [...new Set(given.map(({ topic }) => topic))].map(topic => ({
    topic,
    given: given.filter(command => command.topic === topic).map(({ payload }) => payload),
    received: received
      .filter(command => command.site === REMOTE && command.topic === topic)
      .map(({ payload }) => payload),
  }));
}

function conflictOver(
  topic: string,
  fromRemote: readonly Write[],
  fromOthers: readonly Write[],
  retained: Retained,
): Conflict {
  const isOfTopic = (write: Write) => write.topic === topic;
  const writes = [fromRemote.findLast(isOfTopic), fromOthers.findLast(isOfTopic)]
    .filter(write => write !== undefined)
    .sort((a, b) => a.at - b.at);
  const won = (write: Write) =>
    [...retained.values()].every(held => (held.get(topic) ?? '') === write.payload);
  return { topic, writes, winner: writes.find(won)?.site };
}

/** Whether the write crossed the link that was cut: to the remote site, or from it to any other site. */
function hasArrived({ site, deliveries }: Write): boolean {
  if (site !== REMOTE) return deliveries.get(REMOTE)?.kind === 'arrived';
  return [...deliveries.values()].some(({ kind }) => kind === 'arrived');
}
