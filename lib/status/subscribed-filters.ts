/** What mqttrep subscribes to, for people. */

import type { Replicator } from '../supervisor/replicator.ts';
import type { BrokerPlan } from '../supervisor/run.ts';

/** Somebody with more filters knows them from the configuration. */
const MAX_FILTERS = 20;

/** The filters at any broker, each once. */
export function filtersOf(replicator: Pick<Replicator, 'links' | 'plan'>): string[] {
  const filters = new Set<string>();
  for (const name of replicator.links.keys()) {
    const plan = replicator.plan(name);
    for (const filter of plan === undefined ? [] : filtersAt(plan)) filters.add(filter);
  }
  return [...filters].sort().slice(0, MAX_FILTERS);
}

/** The filters at one broker, of state and of event topics. */
export function filtersAt({ subscriptions, events }: BrokerPlan): string[] {
  return [...subscriptions, ...(events?.subscriptions ?? [])].map(({ filter }) => filter);
}
