/**
 * A filter whose read was cut, and that is read in parts: the topic itself, the level below it, and one filter for each known
 * name in the place of its first wildcard.
 */

/** Most patterns that are read to discover names for one filter. */
const MAX_PATTERNS = 24;

/** After this many cut patterns no more are read for one filter. */
const MAX_CUT_PATTERNS = 2;

export class SplitFilter {
  readonly levels: readonly string[];
  /** The index of the first wildcard. */
  readonly place: number;
  /** Names were put in the place of the wildcard before. */
  isExpanded = false;
  #patterns = 0;
  #cutPatterns = 0;

  constructor(levels: readonly string[]) {
    this.levels = levels;
    this.place = levels.findIndex(level => level === '+' || level === '#');
  }

  get filter(): string {
    return this.levels.join('/');
  }

  /** Filters of the levels above the names: for `a/#` that is `a` and `a/+`. */
  get upperParts(): readonly string[] {
    if (this.levels.at(-1) !== '#') return [];
    const above = this.levels.slice(0, -1);
    const own = above.length > 0 ? [above.join('/')] : [];
    return this.place === above.length ? [...own, [...above, '+'].join('/')] : own;
  }

  /**
   * One filter for each name that the parents have in the place of the wildcard; undefined if such a filter would have no
   * wildcard, so that the names tell nothing new.
   */
  partsFor(parents: readonly (readonly string[])[]): readonly string[] | undefined {
    const { levels, place } = this;
    const rest = levels[place] === '#' ? ['#'] : levels.slice(place + 1);
    if (!rest.includes('+') && rest.at(-1) !== '#') return undefined;
    const names = new Set<string>();
    for (const parent of parents) {
      const name = parent[place];
      if (name !== undefined && this.#isBelow(parent)) names.add(name);
    }
    return [...names].map(name => [...levels.slice(0, place), name, ...rest].join('/'));
  }

  /** Whether some parent has a name in the level below the wildcard. */
  hasNamesBelow(parents: readonly (readonly string[])[]): boolean {
    return parents.some(parent => parent.length > this.place + 1 && this.#isBelow(parent));
  }

  get allowsPattern(): boolean {
    return this.#patterns < MAX_PATTERNS && this.#cutPatterns < MAX_CUT_PATTERNS;
  }

  countPattern(): void {
    this.#patterns++;
  }

  countCutPattern(): void {
    this.#cutPatterns++;
  }

  #isBelow(names: readonly string[]): boolean {
    for (let index = 0; index < this.place; index++) if (names[index] !== this.levels[index]) return false;
    return true;
  }
}

/** A filter with one wildcard, in its last place or before fixed levels, cannot be split. */
export function canSplit(levels: readonly string[]): boolean {
  return wildcardsIn(levels) >= 2 || levels.at(-1) === '#';
}

export function wildcardsIn(levels: readonly string[]): number {
  return levels.filter(level => level === '+' || level === '#').length;
}
