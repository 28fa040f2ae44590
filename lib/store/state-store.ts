/**
 * The state that outlives the process: every topic's register, and a few facts about ourselves and the
 * brokers.
 */

import type { Register } from '../core/register.ts';

/** A register as it is stored. */
export interface StoredTopic {
  readonly register: Register;
  /** By broker index: the commit with which what it holds was last seen to change. */
  readonly seen: readonly number[];
}

export interface StoredState {
  /** In no particular order. */
  readonly topics: Iterable<readonly [topic: string, stored: StoredTopic]>;
  readonly facts: ReadonlyMap<string, string>;
  /** Topics left out because their records could not be read. */
  readonly unreadable: number;
}

export interface Changes {
  /** Undefined: the topic is forgotten. */
  readonly topics: ReadonlyMap<string, StoredTopic | undefined>;
  readonly facts: ReadonlyMap<string, string>;
}

export interface StateStore {
  /** Where it is, for people. */
  readonly place: string;
  /** Whether it outlives the process. */
  readonly isLasting: boolean;
  /** All that was committed. */
  load(): Promise<StoredState>;
  /**
   * Stores the changes, all or nothing; commits take effect in the order of the calls. `done` is called once:
   * when they are durable, or with the error. (No promise, so that simulated time needs no microtasks.)
   */
  commit(changes: Changes, done: (error?: Error) => void): void;
  close(): Promise<void>;
}
