/**
 * The state that outlives the process: every topic's register, and a few facts about ourselves and the
 * brokers.
 */

import type { Register } from '../core/register.ts';

/** What a broker held from one commit on until another, with which it was seen to hold something else. */
export interface Superseded {
  readonly from: number;
  readonly until: number;
  /** Or a digest of it; empty: the broker held nothing. */
  readonly payload: string;
  /** As those of a message. */
  readonly properties: string | undefined;
}

export interface SupersededAt extends Superseded {
  readonly broker: number;
}

/** A register as it is stored. */
export interface StoredTopic {
  readonly register: Register;
  /** By broker index: the commit with which what it holds was last seen to change. */
  readonly seen: readonly number[];
  /** What brokers held at the last marker and since; left out where nothing changed. The oldest of a broker first. */
  readonly superseded?: readonly SupersededAt[];
}

export type TopicEntry = readonly [topic: string, stored: StoredTopic];

export interface StoredState {
  /** In no particular order. */
  readonly topics: Iterable<TopicEntry>;
  /** Topics so far of which the record could not be read: they are left out. */
  readonly unread?: () => number;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Topics by name; undefined: the topic is forgotten. */
export interface ChangedTopics extends Iterable<readonly [topic: string, stored: StoredTopic | undefined]> {
  readonly size: number;
}

export interface Changes {
  /**
   * Read while the commit is made. What happens to a topic meanwhile may be in it already; it comes again with a
   * later commit.
   */
  readonly topics: ChangedTopics;
  /** All that there are, in place of those before; undefined where none changed. */
  readonly metadata: ReadonlyMap<string, string> | undefined;
  /**
   * All topics with these changes, for a store that is written anew from time to time: it reads them bit by
   * bit, during later commits too, while topics come, change and go.
   */
  readonly all: { entries(): Iterator<TopicEntry> };
}

/** Told facts that were stored once, long before all is read: what never changes can be relied on. */
export type Recalled = (facts: ReadonlyMap<string, string>) => void;

export interface StateStore {
  /** Where it is, for people. */
  readonly place: string;
  /** Whether it outlives the process. */
  readonly isLasting: boolean;
  /**
   * All that was committed. Comes first.
   * @param recalled called once, as soon as there are any facts
   */
  load(recalled?: Recalled): Promise<StoredState>;
  /**
   * Stores the changes, all or nothing; commits take effect in the order of the calls. `done` is called once:
   * when they are durable, or with the error; the store is then as if the commit had not been, and later ones
   * may succeed. (No promise, so that simulated time needs no microtasks.)
   */
  commit(changes: Changes, done: (error?: Error) => void): void;
  /** From now on brokers are known by these names, in the order of their indexes; those before keep theirs. */
  useBrokers(names: readonly string[]): void;
  close(): Promise<void>;
}
