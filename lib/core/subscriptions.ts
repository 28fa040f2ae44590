/** Which filters one connection subscribes to. */

import { covers } from './filter.ts';
import type { QoS } from './policy.ts';

export interface Subscription {
  readonly filter: string;
  readonly qos: QoS;
}

/**
 * The filters without those that a broader filter covers, since brokers deliver twice what two filters match. A broader filter
 * takes over a higher QoS of a filter that it covers. No QoS exceeds `maxQos`.
 */
export function minimalSubscriptions(wanted: readonly Subscription[], maxQos: QoS): Subscription[] {
  const kept: Subscription[] = [];
  for (const { filter } of wanted) {
    if (kept.some(other => other.filter === filter)) continue;
    if (wanted.some(other => other.filter !== filter && covers(other.filter, filter))) continue;
    const covered = wanted.filter(other => covers(filter, other.filter)).map(other => other.qos);
    kept.push({ filter, qos: Math.min(Math.max(...covered), maxQos) as QoS });
  }
  return kept;
}
