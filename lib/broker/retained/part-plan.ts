/**
 * Plans the parts of a full scan at a broker that does not show all its retained messages at once. Some brokers write all of
 * them in one burst, and drop what the socket and their queue do not take. They always begin at the same topic, so a second
 * read of the same filter would drop the same messages.
 *
 * A filter whose read was cut is split (split-filter.ts). Names come from the topics that were shown, and from topics that
 * other brokers hold. Other names are discovered by patterns with `+` in the place of the name. A branch may have the names
 * of another branch. It may also have topics at a depth at which none was seen. At the end the first filters are read again as a check: a topic
 * that is shown then, and that no complete part covers, leads to new parts. A filter with one wildcard, in its last place or
 * before fixed levels, cannot be split: MQTT has no filter for a part of it.
 *
 * Invariants: each filter is read at most once, except for that check and for parts of several filters. `result` is complete
 * only if every part was read completely and the check showed nothing that they do not cover. A branch may still be missing of
 * which no name was ever shown, here or elsewhere: no filter matches unknown names.
 */

import { covers, parentOf } from '../../core/filter.ts';
import { FilterSet } from '../../core/filter-set.ts';
import { discoveryPatterns } from './discovery-patterns.ts';
import { KnownTopics } from './known-topics.ts';
import { ReadCapacity } from './read-capacity.ts';
import { canSplit, SplitFilter, wildcardsIn } from './split-filter.ts';

/** Most reads in one scan. */
const MAX_READS = 5_000;

/** Most filters that are split. */
const MAX_SPLITS = 200;

/** If the read of one level shows at most this many topics, each of them is searched for others below it. */
const MAX_LEAVES = 64;

/** Most checks at the end. */
const MAX_CHECKS = 10;

/** Most filters that the result names. */
const MAX_NAMED = 5;

export interface PlanOptions {
  /** What is to be read, disjoint. */
  readonly filters: readonly string[];
  /** A read of all filters was just cut: they are not read again first. */
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

interface PlannedRead {
  readonly kind: 'part' | 'pattern' | 'check';
  readonly filters: readonly string[];
  /** The filter for which a pattern discovers names. */
  readonly of?: SplitFilter;
}

export class PartPlan {
  readonly #filters: readonly string[];
  /** Parts of several filters that were cut. */
  readonly #halves: (readonly string[])[] = [];
  #queue: string[] = [];
  readonly #planned = new Set<string>();
  readonly #complete = new FilterSet();
  readonly #known = new KnownTopics(this.#complete);
  readonly #capacity = new ReadCapacity();
  readonly #splits: SplitFilter[] = [];
  readonly #unread = new Set<string>();
  #read: PlannedRead | undefined;
  #reads = 0;
  #checks = 0;
  /** Dropped parents when the last check began, or ended completely. */
  #droppedBefore = 0;
  /** Messages of the current read. */
  #shown = 0;
  /** Topics of the current read, if it has one filter. */
  readonly #leaves = new Set<string>();
  #hasEnded = false;
  #isLimitReached = false;

  constructor({ filters, isCut, parents }: PlanOptions) {
    this.#filters = filters;
    for (const parent of parents) this.#known.addParent(parent);
    const [only] = filters;
    if (!isCut) this.#halves.push(filters);
    else if (filters.length === 1 && only !== undefined) this.#split(only);
    else this.#enqueue(filters);
  }

  /** The filters to subscribe to next, together; undefined at the end. `ended` is to be called before the next call. */
  next(): readonly string[] | undefined {
    if (this.#hasEnded) return undefined;
    if (this.#reads === MAX_READS) {
      this.#isLimitReached = true;
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

  /** The current read has shown a topic. */
  shown(topic: string): void {
    this.#shown++;
    const levels = topic.split('/');
    if (this.#complete.matches(levels)) return;
    this.#known.addParent(parentOf(topic));
    if (this.#read?.filters.length === 1 && this.#leaves.size <= MAX_LEAVES) this.#leaves.add(topic);
    this.#known.addExample(levels);
  }

  /** The current read has ended: complete, or cut. */
  ended(how: 'complete' | 'cut'): void {
    const read = this.#read;
    if (read === undefined) return;
    if (how === 'complete') this.#wasComplete(read);
    else this.#wasCut(read);
  }

  get result(): PlanResult {
    const { dropped } = this.#known;
    const hasDropped = dropped > this.#droppedBefore;
    const isComplete = this.#hasEnded && !this.#isLimitReached && this.#unread.size === 0 && !hasDropped;
    return { isComplete, reads: this.#reads, unread: [...this.#unread].slice(0, MAX_NAMED), dropped };
  }

  #wasComplete({ kind, filters }: PlannedRead): void {
    for (const filter of filters) this.#complete.add(filter);
    if (kind === 'check') {
      // Nothing is missing, however many reads were cut before.
      this.#hasEnded = true;
      this.#unread.clear();
      this.#droppedBefore = this.#known.dropped;
    }
    if (this.#leaves.size <= MAX_LEAVES) for (const topic of this.#leaves) this.#known.addParent(`${topic}/`);
    if (kind === 'part' && this.#shown > 0) this.#capacity.complete(this.#shown, filters.length);
  }

  #wasCut({ kind, filters, of }: PlannedRead): void {
    this.#capacity.cut(this.#shown);
    const [first] = filters;
    of?.countCutPattern();
    // The broker has more names at this level than it shows at once.
    if (kind === 'pattern' && first !== undefined && wildcardsIn(first.split('/')) === 1)
      this.#unread.add(first);
    if (kind !== 'part') return;
    const half = Math.ceil(filters.length / 2);
    if (filters.length > 1) this.#halves.push(filters.slice(half), filters.slice(0, half));
    else if (first !== undefined) this.#split(first);
  }

  #split(filter: string): void {
    const levels = filter.split('/');
    if (this.#splits.length === MAX_SPLITS) {
      this.#unread.add(filter);
      return;
    }
    if (!canSplit(levels)) {
      this.#unread.add(filter);
      // The levels below may be shown completely.
      if (levels.at(-1) === '+') this.#enqueue([`${filter}/+/#`]);
      return;
    }
    const split = new SplitFilter(levels);
    this.#splits.push(split);
    this.#enqueue(split.upperParts);
  }

  #enqueue(filters: Iterable<string>): void {
    for (const filter of filters) {
      if (this.#planned.has(filter)) continue;
      this.#planned.add(filter);
      this.#queue.push(filter);
    }
  }

  #nextPart(): PlannedRead | undefined {
    const half = this.#halves.pop();
    if (half !== undefined) return { kind: 'part', filters: half };
    if (this.#queue.length === 0) this.#expand();
    if (this.#queue.length === 0) return undefined;
    const filters = this.#queue.slice(0, this.#capacity.filters);
    this.#queue = this.#queue.slice(filters.length);
    return { kind: 'part', filters };
  }

  /** A read is cut at its end, so the newest names are read first. A single name holds all that was cut, and is split at once. */
  #expand(): void {
    const parents = this.#known.takeParents();
    for (const split of this.#splits) {
      const filters = split.partsFor(parents);
      if (filters === undefined) continue;
      const [only] = filters;
      const isOnly = filters.length === 1 && !split.isExpanded;
      split.isExpanded ||= filters.length > 0;
      if (!isOnly || only === undefined || this.#planned.has(only) || !only.endsWith('/#')) {
        this.#enqueue(filters);
        continue;
      }
      this.#planned.add(only);
      this.#split(only);
      if (!split.hasNamesBelow(parents)) this.#enqueue([`${only.slice(0, -1)}+/+/#`]);
    }
  }

  #nextPattern(): PlannedRead | undefined {
    for (const split of this.#splits) {
      const pattern = split.allowsPattern ? this.#patternFor(split) : undefined;
      if (pattern === undefined) continue;
      split.countPattern();
      this.#planned.add(pattern);
      return { kind: 'pattern', filters: [pattern], of: split };
    }
    return undefined;
  }

  #patternFor({ levels, place, filter }: SplitFilter): string | undefined {
    return discoveryPatterns(levels.slice(0, place), this.#known.examples).find(
      pattern => !this.#planned.has(pattern) && pattern !== filter && covers(filter, pattern),
    );
  }

  #nextCheck(): PlannedRead | undefined {
    const wasCheck = this.#read?.kind === 'check';
    if (this.#splits.length === 0 || this.#checks === MAX_CHECKS || wasCheck) return undefined;
    this.#checks++;
    this.#droppedBefore = this.#known.dropped;
    return { kind: 'check', filters: this.#filters };
  }
}
