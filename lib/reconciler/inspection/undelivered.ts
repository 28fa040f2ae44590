/**
 * Since when a broker waits for the oldest change that it does not have yet. Refused topics are left out: they are counted as
 * blocked.
 *
 * A change is as old as its version, but not older than the time since which the broker lacks something at all: a broker that
 * has lost its data lacks old values, and has lacked them for a moment only.
 */

import { has } from '../../core/policy.ts';
import type { BrokerLink } from '../links/broker-link.ts';
import type { TopicTable } from '../topics/topic-table.ts';

/** Topics that are looked at. They stand in the order in which they became diverging, so the oldest come first. */
const MAX_TOPICS = 10_000;

/** By broker index: milliseconds since 1970; undefined for a broker that lacks nothing. */
export function undeliveredSince(
  { stats, get }: UndeliveredIn,
  links: Iterable<BrokerLink>,
): Map<number, number> {
  const since = new Map<number, number>();
  const lagging = [...links].filter(({ index, isRemoved }) => !isRemoved && (stats.behind[index] ?? 0) > 0);
  if (lagging.length === 0) return since;
  let looked = 0;
  for (const topic of stats.divergingTopics) {
    if (++looked > MAX_TOPICS) break;
    const known = get(topic);
    const changedAt = known?.register.winner?.version.time;
    if (known === undefined || changedAt === undefined) continue;
    for (const { index, blockedTopics } of lagging) {
      if (!has(known.status.lacking, index) || blockedTopics.isBlocked(topic)) continue;
      const lackedAt = Math.max(changedAt, stats.behindSince[index] ?? 0);
      since.set(index, Math.min(since.get(index) ?? Number.POSITIVE_INFINITY, lackedAt));
    }
  }
  return since;
}

interface UndeliveredIn {
  readonly stats: Pick<TopicTable['stats'], 'behind' | 'behindSince' | 'divergingTopics'>;
  readonly get: TopicTable['get'];
}
