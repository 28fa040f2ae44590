/**
 * The topics of one commit. A topic that was in use when the commit was closed is stored as it was then: its object exists
 * already. A topic at rest has no object. It is read when it is stored, so that a large commit needs no memory for all of them.
 */

import type { ChangedTopics, StoredTopic } from '../../store/state-store.ts';

export class UnsavedTopics implements ChangedTopics {
  readonly names: ReadonlySet<string>;
  readonly #read: (name: string) => StoredTopic | undefined;
  /** In the order of the names; undefined for a topic that is read later. */
  readonly #taken: (StoredTopic | undefined)[] = [];

  /** @param read the topic as it is now; undefined if it is forgotten */
  constructor(names: ReadonlySet<string>, read: (name: string) => StoredTopic | undefined) {
    this.names = names;
    this.#read = read;
  }

  get size(): number {
    return this.names.size;
  }

  /** Takes the next of the names: the topic as it is now, or undefined if it is to be read later. */
  take(topic: StoredTopic | undefined): void {
    this.#taken.push(topic);
  }

  *[Symbol.iterator](): Generator<readonly [topic: string, stored: StoredTopic | undefined]> {
    let index = 0;
    for (const name of this.names) yield [name, this.#taken[index++] ?? this.#read(name)];
  }
}
