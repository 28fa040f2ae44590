/**
 * Topics in the order of their names, so that a page or a level of them is found without looking at all.
 *
 * Made when it is asked for, and made anew when topics have come or gone since; but no more often than it is worth,
 * so it may be some seconds old. Nobody asks: it is dropped.
 */

import { inSlices, type Work } from './slices.ts';
import { compareTopics } from './topic-order.ts';

/** Topics that are sorted, or merged, between two looks at the clock. */
const RUN = 512;

/** An index is kept for so many times the time that its making took: then making it costs a twentieth at most. */
const WORTH = 20;

/** Milliseconds after which an index that nobody asks for is dropped. */
const IDLE = 60_000;

export interface TopicSet {
  /** Changes whenever the topics do. */
  readonly revision: number;
  topics(): Iterable<string>;
}

export class TopicIndex {
  readonly #set: TopicSet;
  #sorted: readonly string[] = [];
  #revision = -1;
  #freshUntil = 0;
  #making: Promise<readonly string[]> | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(set: TopicSet) {
    this.#set = set;
  }

  /** The topics as they are now, or were lately. */
  async topics(): Promise<readonly string[]> {
    this.#idle ??= setTimeout(() => this.#drop(), IDLE).unref();
    this.#idle.refresh();
    if (this.#revision === this.#set.revision || performance.now() < this.#freshUntil) return this.#sorted;
    this.#making ??= this.#make();
    return this.#making;
  }

  close(): void {
    this.#drop();
  }

  async #make(): Promise<readonly string[]> {
    const begin = performance.now();
    const { revision } = this.#set;
    this.#sorted = await inSlices(sort(this.#set.topics()));
    this.#revision = revision;
    this.#freshUntil = performance.now() + (performance.now() - begin) * WORTH;
    this.#making = undefined;
    return this.#sorted;
  }

  #drop(): void {
    clearTimeout(this.#idle);
    this.#idle = undefined;
    this.#sorted = [];
    this.#revision = -1;
    this.#freshUntil = 0;
  }
}

/** Merge sort, bottom up: runs are sorted one by one, then merged two by two. */
export function* sort(topics: Iterable<string>): Work<string[]> {
  let runs: string[][] = [];
  let run: string[] = [];
  for (const topic of topics) {
    run.push(topic);
    if (run.length < RUN) continue;
    runs.push(run.sort(compareTopics));
    run = [];
    yield;
  }
  runs.push(run.sort(compareTopics));
  while (runs.length > 1) {
    const merged: string[][] = [];
    for (let index = 0; index < runs.length; index += 2) {
      merged.push(yield* merge(runs[index] ?? [], runs[index + 1] ?? []));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge(left: readonly string[], right: readonly string[]): Work<string[]> {
  const merged: string[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length || r < right.length) {
    const a = left[l];
    const b = right[r];
    const order = a === undefined ? 1 : b === undefined ? -1 : compareTopics(a, b);
    // One that was forgotten and came again meanwhile is met twice.
    if (order !== 0) merged.push((order < 0 ? a : b) ?? '');
    if (order <= 0) l++;
    else r++;
    if (merged.length % RUN === 0) yield;
  }
  return merged;
}
