/** What a broker granted against what was asked for. */

import type { QoS } from '../core/policy.ts';
import type { Subscription } from '../core/subscriptions.ts';
import type { Grant } from './connection.ts';

/** The filters with a lower QoS than was wanted, and with which. */
export function grantedLess(
  wanted: readonly Subscription[],
  grants: readonly Grant[],
): readonly Subscription[] {
  return grants.flatMap(({ filter, code }) => {
    const qos = wanted.find(subscription => subscription.filter === filter)?.qos ?? 0;
    return code < qos ? [{ filter, qos: code as QoS }] : [];
  });
}
