/** Filters in groups of one QoS: a group is one SUBSCRIBE, or some. */

import type { QoS } from '../../core/policy.ts';
import type { Subscription } from '../../core/subscriptions.ts';

export type Group = readonly [qos: QoS, filters: readonly string[]];

/** All in one group. */
export function withQos0(subscriptions: readonly Subscription[]): Group[] {
  return [[0, subscriptions.map(({ filter }) => filter)]];
}

/** By the wanted QoS, without empty groups. */
export function byQos(subscriptions: readonly Subscription[]): Group[] {
  const groups = ([0, 1, 2] satisfies QoS[]).map((qos): Group => {
    const filters = subscriptions
      .filter(subscription => subscription.qos === qos)
      .map(({ filter }) => filter);
    return [qos, filters];
  });
  return groups.filter(([, filters]) => filters.length > 0);
}
