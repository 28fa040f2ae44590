/** For who wants no file, or can have none: what is known is known for as long as the process lives. */

import type { Changes, StateStore, StoredState } from './state-store.ts';

export class NoStore implements StateStore {
  readonly place = 'memory';
  readonly isLasting = false;

  async load(): Promise<StoredState> {
    return { topics: [], metadata: new Map() };
  }

  commit(_changes: Changes, done: (error?: Error) => void): void {
    done();
  }

  useBrokers(): void {
    // None is known by a name.
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}
