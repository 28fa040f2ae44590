/** Counts messages that the configuration leaves out: their topics are excluded, or have no name elsewhere. */

import type { Nameless } from '../../routes/name-map.ts';

export class IgnoredMessages {
  readonly #counts: Record<Nameless, number> = { excluded: 0, unmapped: 0 };

  count(why: Nameless): void {
    this.#counts[why]++;
  }

  /** Since the start of the actor, on the connections for state and for events. */
  get counts(): Readonly<Record<Nameless, number>> {
    return this.#counts;
  }
}
