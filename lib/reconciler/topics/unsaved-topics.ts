/**
 * The topics of one commit. A topic that was in use when the commit was closed is stored as it was then: its object exists
 * already. A topic at rest has no object. It is read when it is stored, so that a large commit needs no memory for all of them.
 */

import type { ChangedTopics, StoredTopic } from '../../store/state-store.ts';

type Entry = readonly [topic: string, stored: StoredTopic | undefined];

export class UnsavedTopics implements ChangedTopics {
  readonly #names: string[] = [];
  /** In the order of the names; undefined for a topic that is read later. */
  readonly #taken: (StoredTopic | undefined)[] = [];
  readonly #read: (name: string) => StoredTopic | undefined;

  /** @param read the topic as it is now; undefined if it is forgotten */
  constructor(read: (name: string) => StoredTopic | undefined) {
    this.#read = read;
  }

  get size(): number {
    return this.#names.length;
  }

  get names(): readonly string[] {
    return this.#names;
  }

  /** Takes a topic as it is now, or, if that is undefined, as it will be when it is stored. */
  take(name: string, topic: StoredTopic | undefined): void {
    this.#names.push(name);
    this.#taken.push(topic);
  }

  [Symbol.iterator](): Iterator<Entry> {
    let index = 0;
    return { next: () => this.#entryAt(index++) };
  }

  #entryAt(index: number): IteratorResult<Entry> {
    const name = this.#names[index];
    if (name === undefined) return { done: true, value: undefined };
    return { done: false, value: [name, this.#taken[index] ?? this.#read(name)] };
  }
}
