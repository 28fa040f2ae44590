/** Which filters the broker granted with a lower QoS than was asked for. */

import type { QoS } from '../../core/policy.ts';
import type { Subscription } from '../../core/subscriptions.ts';
import type { Grant } from './filter-requests.ts';

/** The filters with a lower QoS than wanted, with the granted QoS. */
export function grantedLess(
  wanted: readonly Subscription[],
  grants: readonly Grant[],
): readonly Subscription[] {
  return grants.flatMap(({ filter, code }) => {
    const qos = wanted.find(subscription => subscription.filter === filter)?.qos ?? 0;
    return code < qos ? [{ filter, qos: code as QoS }] : [];
  });
}
