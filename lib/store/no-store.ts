/** A store in memory: it stores nothing, and what mqttrep knows ends with the process. */

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
    // Nothing is stored, so no names are needed.
  }

  async close(): Promise<void> {
    // There is nothing to close.
  }
}
