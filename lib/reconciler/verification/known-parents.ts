/** The parents of known topics, for a broker that has to be read in parts: what others hold it may hold, too. */

import { parentOf } from '../../core/filter.ts';

/** More are not told: the broker's worker finds the others by what it reads. */
export const MAX_KNOWN_PARENTS = 10_000;

/** Each once, without the empty one; the first ones where there are more than the bound. */
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
