/** Rights to read and to write, and what a broker does without the right. */

import type { IPublishPacket, ISubackPacket, ISubscribePacket, Packet } from 'mqtt-packet';
import { covers } from '../../../lib/core/filter.ts';
import type { Rights } from './broker-limits.ts';
import type { Peer, Rule, Verdict } from './peer.ts';
import { FAILURE, NOT_AUTHORIZED, suback } from './rules.ts';

const ALL: Rights = { otherwise: 'silently' };

/** @param rights called at each packet, since rights can change */
export function writeRule(rights: () => Rights | undefined): Rule {
  return {
    fromClient: (packet, { level, deniedWrites }) => {
      if (packet.cmd === 'pubrel') return completed(packet, level, deniedWrites);
      const { otherwise, ...allowed } = rights() ?? ALL;
      if (packet.cmd !== 'publish' || isAllowed(packet.topic, allowed)) return undefined;
      if (otherwise === 'hangs up') return { closes: NOT_AUTHORIZED };
      return acknowledged(packet, level, otherwise === 'refuses' && level === 5, deniedWrites);
    },
  };
}

/** Checked at a SUBSCRIBE and at each message that is delivered, since a right can be withdrawn at any time. */
export function readRule(rights: () => Rights | undefined): Rule {
  return {
    fromClient: (packet, peer) => {
      const { otherwise, ...allowed } = rights() ?? ALL;
      if (packet.cmd !== 'subscribe' || otherwise === 'silently') return undefined;
      const isRefused = packet.subscriptions.map(({ topic }) => !isAllowed(topic, allowed));
      if (!isRefused.some(Boolean)) return undefined;
      return otherwise === 'hangs up' ? { closes: NOT_AUTHORIZED } : refused(packet, isRefused, peer);
    },
    fromBroker: (packet, peer) => {
      if (packet.cmd === 'suback') return inFull(packet, peer);
      if (packet.cmd === 'pubrel') return completed(packet, peer.level, peer.deniedReads);
      if (packet.cmd !== 'publish' || isAllowed(packet.topic, rights() ?? ALL)) return undefined;
      return acknowledged(packet, peer.level, false, peer.deniedReads);
    },
  };
}

/** A filter is allowed if a right covers all topics that it matches, even if some of them are excepted. */
function isAllowed(topic: string, { only, except = [] }: Omit<Rights, 'otherwise'>): boolean {
  const isCovered = (filter: string) => filter === topic || covers(filter, topic);
  // `#` alone does not match the topics that begin with `$`.
  return (only === undefined || only.some(isCovered)) && !except.some(isCovered);
}

/** The relay acknowledges or refuses the publish and does not forward it. */
function acknowledged(
  { qos, messageId = 0 }: IPublishPacket,
  level: number,
  isRefused: boolean,
  denied: Set<number>,
): Verdict {
  if (qos === 0) return 'lost';
  const answer = { messageId, ...reason(level, isRefused ? NOT_AUTHORIZED : 0) };
  if (qos === 1) return { answer: { cmd: 'puback', ...answer } };
  if (!isRefused) denied.add(messageId);
  return { answer: { cmd: 'pubrec', ...answer } };
}

function completed({ messageId = 0 }: Packet, level: number, denied: Set<number>): Verdict {
  if (!denied.delete(messageId)) return undefined;
  return { answer: { cmd: 'pubcomp', messageId, ...reason(level, 0) } };
}

function reason(level: number, reasonCode: number): { readonly reasonCode?: number } {
  return level === 5 ? { reasonCode } : {};
}

/** The relay forwards the other filters only. */
function refused(
  subscribe: ISubscribePacket,
  isRefused: readonly boolean[],
  { level, refusedFilters }: Peer,
): Verdict {
  const { messageId = 0, subscriptions } = subscribe;
  if (isRefused.every(Boolean))
    return {
      answer: suback(
        messageId,
        subscriptions.map(() => refusalOf(level)),
      ),
    };
  refusedFilters.set(messageId, isRefused);
  return { instead: { ...subscribe, subscriptions: subscriptions.filter((_, index) => !isRefused[index]) } };
}

/** The SUBACK has a code for each filter of the client's SUBSCRIBE. */
function inFull(packet: ISubackPacket, { level, refusedFilters }: Peer): Verdict {
  const isRefused = refusedFilters.get(packet.messageId ?? 0);
  if (isRefused === undefined) return undefined;
  refusedFilters.delete(packet.messageId ?? 0);
  const granted = [...packet.granted];
  const codes = isRefused.map(is => (is ? refusalOf(level) : Number(granted.shift())));
  return { instead: { ...packet, granted: codes } };
}

function refusalOf(level: number): number {
  return level === 5 ? NOT_AUTHORIZED : FAILURE;
}
