/** A store under simulated time: a commit takes a while, and a crash during a commit loses it. */

import type { Changes, StateStore, StoredState, StoredTopic } from '../../lib/store/state-store.ts';

export class SimStore implements StateStore {
  readonly place = 'simulation';
  readonly isLasting = true;
  readonly state = {
    topics: new Map<string, StoredTopic>(),
    metadata: new Map<string, string>(),
  };
  /** The disk is full: commits fail. */
  isFull = false;
  readonly #latency: number;
  #life = 0;

  /** @param latency milliseconds that a commit takes */
  constructor(latency: number) {
    this.#latency = latency;
  }

  async load(): Promise<StoredState> {
    return this.state;
  }

  commit({ topics, metadata }: Changes, done: (error?: Error) => void): void {
    const life = this.#life;
    setTimeout(() => {
      if (life !== this.#life) return;
      if (this.isFull) {
        done(new Error('the disk is full'));
        return;
      }
      for (const [topic, stored] of topics) {
        if (stored === undefined) this.state.topics.delete(topic);
        else this.state.topics.set(topic, stored);
      }
      if (metadata !== undefined) {
        this.state.metadata.clear();
        for (const [name, value] of metadata) this.state.metadata.set(name, value);
      }
      done();
    }, this.#latency);
  }

  /** The process is killed. */
  crash(): void {
    this.#life++;
  }

  /** The disk is lost as well. */
  wipe(): void {
    this.crash();
    this.state.topics.clear();
    this.state.metadata.clear();
  }

  useBrokers(): void {
    // The simulated brokers are always the same.
  }

  async close(): Promise<void> {
    this.crash();
  }
}
