/**
 * The topics that the next commit is to store, and the numbers of commits: a change bears the number of the commit that it goes with.
 */

import type { TopicInUse } from './topic-in-use.ts';

/** The topics of one commit. */
export interface TakenTopics {
  /** Those that are not `isUnsaved` were removed meanwhile, and are among the names. */
  readonly inUse: readonly TopicInUse[];
  /** May contain names of topics in use. */
  readonly names: ReadonlySet<string>;
}

export class CommitQueue {
  /** The number of the next commit. */
  #next = 1;
  /** Each of them once, since it says itself whether it is here. */
  #inUse: TopicInUse[] = [];
  /** Topics that are not kept as objects, or no more. */
  #names = new Set<string>();

  /** The number of the commit that a change goes with now. */
  get current(): number {
    return this.#next;
  }

  /** The last commit to which no change will be added any more. */
  get closed(): number {
    return this.#next - 1;
  }

  /** The commit that will hold everything that has changed by now. */
  get closing(): number {
    return this.hasUnsaved ? this.#next : this.closed;
  }

  get hasUnsaved(): boolean {
    return this.size > 0;
  }

  /** The topics of the next commit, at most. */
  get size(): number {
    return this.#inUse.length + this.#names.size;
  }

  /** The topics of the next commit. A name may come twice. */
  *names(): Generator<string> {
    for (const { name } of this.#inUse) yield name;
    yield* this.#names;
  }

  /** The topic has changed. */
  add(topic: TopicInUse): void {
    if (topic.isUnsaved) return;
    topic.isUnsaved = true;
    this.#inUse.push(topic);
  }

  /** The topic was removed. */
  removed(name: string): void {
    this.#names.add(name);
  }

  /** These topics are to be stored again with the next commit. */
  putBack(topics: Iterable<string>): void {
    for (const topic of topics) this.#names.add(topic);
  }

  /** Commits are counted on from one of an earlier process. */
  advance(commit: number): void {
    this.#next = Math.max(this.#next, commit + 1);
  }

  /** Closes the commit, although it cannot be made now: its topics go with a later one. */
  close(): void {
    if (this.hasUnsaved) this.#next++;
  }

  /** Closes the commit, and takes out its topics. */
  take(): TakenTopics {
    if (this.hasUnsaved) this.#next++;
    const taken = { inUse: this.#inUse, names: this.#names };
    this.#inUse = [];
    this.#names = new Set();
    return taken;
  }
}
