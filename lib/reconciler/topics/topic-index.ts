/**
 * Topics in the order of their names, so that a page or a level of them is found without a walk through all topics.
 *
 * The index is built on request, and built again when topics have come or gone since; but not too often, so it may be some seconds
 * old. It is dropped when nobody requests it any more.
 */

import { inSlices, type Work } from './slices.ts';
import { compareTopics } from './topic-order.ts';

/** Topics that are sorted, or merged, before the time is checked. */
const RUN_LENGTH = 512;

/** An index is kept for so many times the time that it took to build: so building takes a twentieth of the time at most. */
const KEPT_PER_BUILD_TIME = 20;

/** Milliseconds without a request after which an index is dropped. */
const IDLE_TIMEOUT_MS = 60_000;

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
  #building: Promise<readonly string[]> | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(set: TopicSet) {
    this.#set = set;
  }

  /** The topics as they are now, or were some seconds ago. */
  async topics(): Promise<readonly string[]> {
    this.#idle ??= setTimeout(() => this.#drop(), IDLE_TIMEOUT_MS).unref();
    this.#idle.refresh();
    if (this.#revision === this.#set.revision || performance.now() < this.#freshUntil) return this.#sorted;
    this.#building ??= this.#build();
    return this.#building;
  }

  close(): void {
    this.#drop();
  }

  async #build(): Promise<readonly string[]> {
    const begin = performance.now();
    const { revision } = this.#set;
    this.#sorted = await inSlices(sort(this.#set.topics()));
    this.#revision = revision;
    this.#freshUntil = performance.now() + (performance.now() - begin) * KEPT_PER_BUILD_TIME;
    this.#building = undefined;
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

/** Merge sort, bottom up: runs are sorted one by one, then merged in pairs. */
export function* sort(topics: Iterable<string>): Work<string[]> {
  let runs: string[][] = [];
  let run: string[] = [];
  for (const topic of topics) {
    run.push(topic);
    if (run.length < RUN_LENGTH) continue;
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
    // A topic that was forgotten and came again meanwhile is there twice.
    if (order !== 0) merged.push((order < 0 ? a : b) ?? '');
    if (order <= 0) l++;
    else r++;
    if (merged.length % RUN_LENGTH === 0) yield;
  }
  return merged;
}
