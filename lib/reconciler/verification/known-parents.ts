/** The parents of known topics, for a broker that has to be read in parts: it may hold what other brokers hold. */

import { parentOf } from '../../core/filter.ts';

/** Parents that are told to the worker at most. The worker finds others by what it reads. */
export const MAX_KNOWN_PARENTS = 10_000;

/** Each parent once, without the empty one; the first ones if there are more than the bound. */
export function knownParents(topics: Iterable<string>): string[] {
  const parents = new Set<string>();
  for (const topic of topics) {
    const parent = parentOf(topic);
    if (parent === '') continue;
    parents.add(parent);
    if (parents.size === MAX_KNOWN_PARENTS) break;
  }
  return [...parents];
}
