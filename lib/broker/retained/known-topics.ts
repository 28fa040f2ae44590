/** What a scan has learned of the topics of a broker, for the plan of its parts: their parents, and some of their levels. */

import type { FilterSet } from '../../core/filter-set.ts';

/** Most parents that are remembered. */
const MAX_PARENTS = 20_000;

/** Most topics whose levels are examples for patterns. */
const MAX_EXAMPLES = 64;

export class KnownTopics {
  readonly #parents = new Set<string>();
  readonly #examples = new Map<string, readonly string[]>();
  readonly #complete: FilterSet;
  /** Parents that had no room. */
  dropped = 0;

  /** @param complete the filters that were read completely: parents below them are not needed */
  constructor(complete: FilterSet) {
    this.#complete = complete;
  }

  addExample(levels: readonly string[]): void {
    const key = `${levels.length}/${levels.at(-1)}`;
    if (this.#examples.size < MAX_EXAMPLES && !this.#examples.has(key)) this.#examples.set(key, levels);
  }

  /** Levels of topics that were shown, of different shapes. */
  get examples(): readonly (readonly string[])[] {
    return [...this.#examples.values()];
  }

  /** @param parent see `parentOf` */
  addParent(parent: string): void {
    if (parent === '' || this.#parents.has(parent)) return;
    if (this.#parents.size === MAX_PARENTS) this.#forgetComplete();
    if (this.#parents.size < MAX_PARENTS) this.#parents.add(parent);
    else this.dropped++;
  }

  /** The levels of the parents that are not read completely, the newest parent first. */
  takeParents(): readonly (readonly string[])[] {
    this.#forgetComplete();
    return [...this.#parents].reverse().map(parent => parent.slice(0, -1).split('/'));
  }

  #forgetComplete(): void {
    for (const parent of this.#parents) {
      const levels = [...parent.slice(0, -1).split('/'), '+'];
      if (this.#complete.matches(levels)) this.#parents.delete(parent);
    }
  }
}
