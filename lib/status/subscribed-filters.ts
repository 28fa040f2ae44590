/** What mqttrep subscribes to, for people. */

import type { Replicator } from '../supervisor/replicator.ts';

/** Somebody with more filters knows them from the configuration. */
const MAX_FILTERS = 20;

/** The filters at any broker, each once. */
export function filtersOf(replicator: Pick<Replicator, 'links' | 'plan'>): string[] {
  const filters = new Set<string>();
  for (const name of replicator.links.keys()) {
    for (const { filter } of replicator.plan(name)?.subscriptions ?? []) filters.add(filter);
  }
  return [...filters].sort().slice(0, MAX_FILTERS);
}
