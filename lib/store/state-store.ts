/** The state that outlives the process: the register of every topic, and metadata about this replica and the brokers. */

import type { Register } from '../core/register.ts';

/** A value that a broker held from one commit until another, when mqttrep learned that it holds another value. */
export interface Superseded {
  readonly from: number;
  readonly until: number;
  /** The payload or its digest; empty if the topic was absent. */
  readonly payload: string;
  /** As in a message. */
  readonly properties: string | undefined;
}

export interface SupersededAt extends Superseded {
  readonly broker: number;
}

/** A register as it is stored. */
export interface StoredTopic {
  readonly register: Register;
  /** By broker index: the last commit with a change of what the broker holds. */
  readonly seenAt: readonly number[];
  /** Earlier values since the last marker, the oldest of a broker first; left out if there are none. */
  readonly superseded?: readonly SupersededAt[];
}

export type TopicEntry = readonly [topic: string, stored: StoredTopic];

export interface StoredState {
  /** In no particular order. */
  readonly topics: Iterable<TopicEntry>;
  /** Topics skipped so far because their records cannot be decoded. */
  readonly unread?: () => number;
  readonly metadata: ReadonlyMap<string, string>;
}

/** By topic; undefined if the topic is forgotten. */
export interface ChangedTopics extends Iterable<readonly [topic: string, stored: StoredTopic | undefined]> {
  readonly size: number;
}

export interface Changes {
  /**
   * Read during the commit. A change of a topic meanwhile may be part of it already; it is also part of a later commit.
   */
  readonly topics: ChangedTopics;
  /** All metadata, replacing what was stored before; undefined if none changed. */
  readonly metadata: ReadonlyMap<string, string> | undefined;
  /**
   * All topics including these changes, for a store that compacts its file: it reads them in steps, also during later
   * commits, while topics are added, change and are removed.
   */
  readonly all: { entries(): Iterator<TopicEntry> };
}

/** Called with metadata before everything is read. Only what never changes can be relied on. */
export type Recalled = (metadata: ReadonlyMap<string, string>) => void;

export interface StateStore {
  /** For the log. */
  readonly place: string;
  /** Whether it outlives the process. */
  readonly isLasting: boolean;
  /**
   * Returns all that was committed. To be called before anything else.
   * @param recalled called once, as soon as metadata has been read
   */
  load(recalled?: Recalled): Promise<StoredState>;
  /**
   * Stores the changes, all or nothing; commits take effect in the order of the calls. `done` is called once: when they are
   * durable, or with an error. After an error the store is as before the commit, and later commits may succeed. (It is no
   * promise, so that simulated time needs no microtasks.)
   */
  commit(changes: Changes, done: (error?: Error) => void): void;
  /** The names of the brokers by index, from now on. Known brokers keep their indexes. */
  useBrokers(names: readonly string[]): void;
  close(): Promise<void>;
}
