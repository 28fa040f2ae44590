/** The twin of the store on disk, in memory: what was committed, for whoever starts after a crash that is played. */

import type { Changes, StateStore, StoredState, StoredTopic } from '../../lib/store/state-store.ts';

export class MemoryStore implements StateStore {
  readonly place = 'memory';
  readonly isLasting = false;
  readonly #topics = new Map<string, StoredTopic>();
  #facts: ReadonlyMap<string, string> = new Map();

  async load(): Promise<StoredState> {
    return { topics: this.#topics, metadata: this.#facts };
  }

  commit({ topics, metadata }: Changes, done: (error?: Error) => void): void {
    for (const [topic, stored] of topics) {
      if (stored === undefined) this.#topics.delete(topic);
      else this.#topics.set(topic, stored);
    }
    this.#facts = metadata ?? this.#facts;
    done();
  }

  useBrokers(): void {
    // Registers are kept as they are: with the indexes that hold now.
  }

  async close(): Promise<void> {
    // Nothing is held but memory.
  }
}
