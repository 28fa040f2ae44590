/** The topics at one broker that need attention: those that it refuses, and those of which it does not hold the winner yet. */

import { has } from '../../core/policy.ts';
import { isProbing, pendingAt } from '../../core/register.ts';
import type { BrokerTopics, LagCause, LaggingTopic } from '../../protocol/answers.ts';
import type { BrokerLink } from '../links/broker-link.ts';
import type { Topic } from '../topics/topic.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { sinceEpoch } from './since-epoch.ts';

/** Topics of each kind in one answer. */
const MAX_LISTED = 100;

/** Diverging topics that are looked at for one answer: the broker may lack none of them. */
const MAX_LOOKED_AT = 5_000;

/** Diverging topics that are looked at for the measures, which are asked for each second. */
const MAX_LOOKED_AT_OFTEN = 500;

type Parts = { readonly table: TopicTable };

export function brokerTopics({ table }: Parts, link: BrokerLink): BrokerTopics {
  const lagging: LaggingTopic[] = [];
  for (const [topic, since, known] of laggingAt(table, link, MAX_LOOKED_AT)) {
    if (lagging.length >= MAX_LISTED) break;
    lagging.push({ topic, since: sinceEpoch(since), cause: causeOf(link, topic, known) });
  }
  const refused = link.blockedTopics.listed(MAX_LISTED).map(({ topic, reason, since, retryAt }) => ({
    topic,
    reason,
    since: sinceEpoch(since),
    retryAt: Number.isFinite(retryAt) ? sinceEpoch(retryAt) : null,
  }));
  return { refused, lagging, comparison: link.comparison.last };
}

/** Since when the topic that lags longest is not in sync; null if none is, among those that are diverging longest. */
export function behindSince({ table }: Parts, link: BrokerLink): number | null {
  for (const [topic, since] of laggingAt(table, link, MAX_LOOKED_AT_OFTEN)) {
    if (!link.guard.holds(topic)) return sinceEpoch(since);
  }
  return null;
}

/** Without the topics that the broker refuses. The topic that is diverging longest comes first. */
function* laggingAt(
  table: TopicTable,
  link: BrokerLink,
  most: number,
): Generator<readonly [topic: string, since: number, known: Topic]> {
  let looks = 0;
  if ((table.stats.behind[link.index] ?? 0) === 0) return;
  for (const [topic, since] of table.stats.divergingTopics) {
    if (looks++ >= most) return;
    const known = table.get(topic);
    if (known === undefined || !has(known.status.lacking, link.index)) continue;
    if (!link.blockedTopics.isBlocked(topic)) yield [topic, since, known];
  }
}

function causeOf(link: BrokerLink, topic: string, { register }: Topic): LagCause {
  const { index, session, guard, blockedTopics, gap } = link;
  if (!session.isReady) return 'disconnected';
  if (guard.holds(topic)) return 'deletion held';
  if (isProbing(register, index)) return 'probing';
  if (blockedTopics.refuses(topic)) return 'retrying';
  if (pendingAt(register, index) > 0) return 'in flight';
  return gap.isOpen ? 'replay incomplete' : 'waiting';
}
