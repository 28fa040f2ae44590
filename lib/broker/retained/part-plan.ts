/**
 * Which filters to read next at a broker that does not show all that it retains at once. mosquitto writes all of it in one
 * burst, and drops what the socket and a queue of 1,000 messages do not take. It always begins at the same topic, so
 * that it would drop the same ones the next time.
 *
 * A filter whose read was cut is split: into the topic itself, the level below it, and one filter for each name known at
 * that level. Names come from the topics that were shown, and from those that are held elsewhere. To discover others, the
 * plan reads patterns that put `+` in the place of the name: what one branch has, another one may have as well; or it has
 * topics at a depth at which none was seen. In the
 * end the first filters are read once more: what a cut read shows of topics that no complete part covers leads to new
 * parts. A filter with one wildcard, in its last place or before fixed levels, cannot be split: MQTT has no filter for a part of it.
 *
 * It holds: each filter is read at most once, but for that check and for parts of several filters; and `result` is complete
 * only where every part was read completely, and the check showed nothing that they do not cover. A branch of which no
 * name was ever shown, here or elsewhere, may still be missing: no filter asks for names that are unknown.
 */

import { covers, parentOf } from '../../core/filter.ts';
import { FilterSet } from '../../core/filter-set.ts';
import { discoveryPatterns } from './discovery-patterns.ts';

/** Reads in one scan, at most. */
const MAX_READS = 5_000;

/** Parents of topics that are remembered, at most. */
const MAX_PARENTS = 20_000;

/** Filters in one part, at most. */
const MAX_FILTERS = 64;

/** Every broker that we know of shows so many messages at once. */
const SAFE_MESSAGES = 1_000;

/** Filters that are split, at most. */
const MAX_SPLITS = 200;

/** Patterns that are read to discover names, for one filter that was split. */
const MAX_PATTERNS = 24;

/** Patterns of one filter are read no more after so many of them were cut. */
const MAX_CUT_PATTERNS = 2;

/** Topics whose levels serve as examples for patterns. */
const MAX_EXAMPLES = 64;

/** A read of one level shows that many topics at most, where it is looked for others below each of them. */
const MAX_LEAVES = 64;

/** How often the first filters are read again in the end, at most. */
const MAX_CHECKS = 10;

/** Filters that the result names, of those that could not be read. */
const MAX_NAMED = 5;

export interface PlanOptions {
  /** What is to be read, disjoint. */
  readonly filters: readonly string[];
  /** All of it was read just now, and was cut: it is not read again first. */
  readonly isCut: boolean;
  /** Parents (see `parentOf`) of topics that may be there. */
  readonly parents: readonly string[];
}

export interface PlanResult {
  readonly isComplete: boolean;
  /** SUBSCRIBEs. */
  readonly reads: number;
  /** Some of the filters that were cut and could not be split. */
  readonly unread: readonly string[];
  /** Parents of topics for which there was no room. */
  readonly dropped: number;
}

interface Split {
  readonly levels: readonly string[];
  /** The place of its first wildcard. */
  readonly place: number;
  patterns: number;
  cutPatterns: number;
  /** Names were put in the place of the wildcard before. */
  isExpanded: boolean;
}

interface Read {
  readonly kind: 'part' | 'pattern' | 'check';
  readonly filters: readonly string[];
  readonly of?: Split;
}

export class PartPlan {
  readonly #filters: readonly string[];
  /** Parts of several filters that were cut. */
  readonly #halves: (readonly string[])[] = [];
  #queue: string[] = [];
  readonly #seen = new Set<string>();
  readonly #complete = new FilterSet();
  readonly #splits: Split[] = [];
  readonly #unread = new Set<string>();
  readonly #parents = new Set<string>();
  readonly #examples = new Map<string, readonly string[]>();
  #read: Read | undefined;
  #reads = 0;
  #checks = 0;
  #dropped = 0;
  /** Some were dropped since the last check began. */
  #hasDropped = false;
  /** Messages that the read under way has shown. */
  #shown = 0;
  /** The topics that a read of one filter has shown. */
  readonly #leaves = new Set<string>();
  /** Of the parts that were complete and not empty. */
  readonly #sizes = { messages: 0, filters: 0, largest: 0 };
  /** The fewest messages that came of a read that was cut. */
  #capacity = Number.POSITIVE_INFINITY;
  #hasEnded = false;
  #isBoundMet = false;

  constructor({ filters, isCut, parents }: PlanOptions) {
    this.#filters = filters;
    for (const parent of parents) this.#remember(parent);
    const [only] = filters;
    if (!isCut) this.#halves.push(filters);
    else if (filters.length === 1 && only !== undefined) this.#split(only);
    else this.#enqueue(filters);
  }

  /** The filters to subscribe to next, together; undefined at the end. `ended` is to be called before the next call. */
  next(): readonly string[] | undefined {
    if (this.#hasEnded) return undefined;
    if (this.#reads === MAX_READS) {
      this.#isBoundMet = true;
      this.#hasEnded = true;
      return undefined;
    }
    this.#read = this.#nextPart() ?? this.#nextPattern() ?? this.#nextCheck();
    this.#shown = 0;
    this.#leaves.clear();
    this.#hasEnded = this.#read === undefined;
    if (this.#read !== undefined) this.#reads++;
    return this.#read?.filters;
  }

  /** The read under way has shown a topic. */
  shown(topic: string): void {
    this.#shown++;
    const levels = topic.split('/');
    if (this.#complete.matches(levels)) return;
    this.#remember(parentOf(topic));
    if (this.#read?.filters.length === 1 && this.#leaves.size <= MAX_LEAVES) this.#leaves.add(topic);
    const key = `${levels.length}/${levels.at(-1)}`;
    if (this.#examples.size < MAX_EXAMPLES && !this.#examples.has(key)) this.#examples.set(key, levels);
  }

  /** The read under way has ended: with all that there is, or cut. */
  ended(how: 'complete' | 'cut'): void {
    const read = this.#read;
    if (read === undefined) return;
    if (how === 'complete') this.#wasComplete(read);
    else this.#wasCut(read);
  }

  get result(): PlanResult {
    const isComplete = this.#hasEnded && !this.#isBoundMet && this.#unread.size === 0 && !this.#hasDropped;
    const unread = [...this.#unread].slice(0, MAX_NAMED);
    return { isComplete, reads: this.#reads, unread, dropped: this.#dropped };
  }

  #wasComplete({ kind, filters }: Read): void {
    for (const filter of filters) this.#complete.add(filter);
    if (kind === 'check') {
      // It is all that there is, however often it was cut before.
      this.#hasEnded = true;
      this.#unread.clear();
      this.#hasDropped = false;
    }
    if (this.#leaves.size <= MAX_LEAVES) for (const topic of this.#leaves) this.#remember(`${topic}/`);
    if (kind !== 'part' || this.#shown === 0) return;
    this.#sizes.messages += this.#shown;
    this.#sizes.filters += filters.length;
    this.#sizes.largest = Math.max(this.#sizes.largest, this.#shown);
  }

  #wasCut({ kind, filters, of }: Read): void {
    this.#capacity = Math.min(this.#capacity, this.#shown);
    const [first] = filters;
    if (of !== undefined) of.cutPatterns++;
    // There are more names than the broker shows at once.
    if (kind === 'pattern' && first !== undefined && wildcardsIn(first.split('/')) === 1)
      this.#unread.add(first);
    if (kind !== 'part') return;
    const half = Math.ceil(filters.length / 2);
    if (filters.length > 1) this.#halves.push(filters.slice(half), filters.slice(0, half));
    else if (first !== undefined) this.#split(first);
  }

  #split(filter: string): void {
    const levels = filter.split('/');
    const place = levels.findIndex(level => level === '+' || level === '#');
    const isDeep = levels.at(-1) === '#';
    if (this.#splits.length === MAX_SPLITS) {
      this.#unread.add(filter);
      return;
    }
    if (wildcardsIn(levels) < 2 && !isDeep) {
      this.#unread.add(filter);
      // What is below is not cut by what is at this level.
      if (levels.at(-1) === '+') this.#enqueue([`${filter}/+/#`]);
      return;
    }
    this.#splits.push({ levels, place, patterns: 0, cutPatterns: 0, isExpanded: false });
    if (!isDeep) return;
    const above = levels.slice(0, -1);
    if (above.length > 0) this.#enqueue([above.join('/')]);
    if (place === above.length) this.#enqueue([[...above, '+'].join('/')]);
  }

  #enqueue(filters: Iterable<string>): void {
    for (const filter of filters) {
      if (this.#seen.has(filter)) continue;
      this.#seen.add(filter);
      this.#queue.push(filter);
    }
  }

  #nextPart(): Read | undefined {
    const half = this.#halves.pop();
    if (half !== undefined) return { kind: 'part', filters: half };
    if (this.#queue.length === 0) this.#expand();
    if (this.#queue.length === 0) return undefined;
    const filters = this.#queue.slice(0, this.#together);
    this.#queue = this.#queue.slice(filters.length);
    return { kind: 'part', filters };
  }

  /** As many filters as show about half of what the broker was seen to show at once. */
  get #together(): number {
    const { messages, filters, largest } = this.#sizes;
    if (filters === 0) return 1;
    const expected = Math.max(1, messages / filters);
    const most = Math.min(this.#capacity / 2, Math.max(SAFE_MESSAGES, 2 * largest));
    return Math.min(MAX_FILTERS, Math.max(1, Math.floor(most / expected)));
  }

  /**
   * One filter for each known name in the place of the first wildcard of a filter that was split. Names that came last are
   * read first: a read is cut at its end. The only name there is holds what was cut, and is split at once.
   */
  #expand(): void {
    this.#forgetCovered();
    const parents = [...this.#parents].reverse().map(parent => parent.slice(0, -1).split('/'));
    for (const split of this.#splits) {
      const { levels, place } = split;
      const rest = levels[place] === '#' ? ['#'] : levels.slice(place + 1);
      if (!rest.includes('+') && rest.at(-1) !== '#') continue;
      const names = new Set<string>();
      for (const parent of parents) {
        const name = parent[place];
        if (name !== undefined && isBelow(parent, levels, place)) names.add(name);
      }
      const filters = [...names].map(name => [...levels.slice(0, place), name, ...rest].join('/'));
      const [only] = filters;
      const isOnly = filters.length === 1 && !split.isExpanded;
      split.isExpanded ||= filters.length > 0;
      if (!isOnly || only === undefined || this.#seen.has(only) || !only.endsWith('/#')) {
        this.#enqueue(filters);
        continue;
      }
      this.#seen.add(only);
      this.#split(only);
      const hasNames = parents.some(one => one.length > place + 1 && isBelow(one, levels, place));
      if (!hasNames) this.#enqueue([`${only.slice(0, -1)}+/+/#`]);
    }
  }

  #nextPattern(): Read | undefined {
    for (const split of this.#splits) {
      if (split.patterns >= MAX_PATTERNS || split.cutPatterns >= MAX_CUT_PATTERNS) continue;
      const pattern = this.#patternFor(split);
      if (pattern === undefined) continue;
      split.patterns++;
      this.#seen.add(pattern);
      return { kind: 'pattern', filters: [pattern], of: split };
    }
    return undefined;
  }

  #patternFor({ levels, place }: Split): string | undefined {
    const filter = levels.join('/');
    return discoveryPatterns(levels.slice(0, place), [...this.#examples.values()]).find(
      pattern => !this.#seen.has(pattern) && pattern !== filter && covers(filter, pattern),
    );
  }

  #nextCheck(): Read | undefined {
    const isChecked = this.#read?.kind === 'check';
    if (this.#splits.length === 0 || this.#checks === MAX_CHECKS || isChecked) return undefined;
    this.#checks++;
    this.#hasDropped = false;
    return { kind: 'check', filters: this.#filters };
  }

  #remember(parent: string): void {
    if (parent === '' || this.#parents.has(parent)) return;
    if (this.#parents.size === MAX_PARENTS) this.#forgetCovered();
    if (this.#parents.size < MAX_PARENTS) {
      this.#parents.add(parent);
      return;
    }
    this.#dropped++;
    this.#hasDropped = true;
  }

  /** Forgets the parents whose topics were all read. */
  #forgetCovered(): void {
    for (const parent of this.#parents) {
      const levels = [...parent.slice(0, -1).split('/'), '+'];
      if (this.#complete.matches(levels)) this.#parents.delete(parent);
    }
  }
}

function wildcardsIn(levels: readonly string[]): number {
  return levels.filter(level => level === '+' || level === '#').length;
}

function isBelow(names: readonly string[], levels: readonly string[], place: number): boolean {
  for (let index = 0; index < place; index++) if (names[index] !== levels[index]) return false;
  return true;
}
