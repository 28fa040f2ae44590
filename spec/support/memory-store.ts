/** A store in memory that keeps what was committed, for a restart after a simulated crash. */

import type { Changes, StateStore, StoredState, StoredTopic } from '../../lib/store/state-store.ts';

export class MemoryStore implements StateStore {
  readonly place = 'memory';
  readonly isLasting = false;
  readonly #topics = new Map<string, StoredTopic>();
  #metadata: ReadonlyMap<string, string> = new Map();

  async load(): Promise<StoredState> {
    return { topics: this.#topics, metadata: this.#metadata };
  }

  commit({ topics, metadata }: Changes, done: (error?: Error) => void): void {
    for (const [topic, stored] of topics) {
      if (stored === undefined) this.#topics.delete(topic);
      else this.#topics.set(topic, stored);
    }
    this.#metadata = metadata ?? this.#metadata;
    done();
  }

  useBrokers(): void {
    // Registers keep the present indexes.
  }

  async close(): Promise<void> {
    // There is nothing to close.
  }
}
