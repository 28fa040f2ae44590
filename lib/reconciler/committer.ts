/**
 * What is decided is stored before it is sent: a publication leaves only after the commit that holds the
 * register it came from. So whatever a broker shows us after a crash, we know whether we wrote it.
 *
 * One commit is under way at a time; what comes up meanwhile goes with the next one. When the store fails,
 * what it did not take goes with a later commit, and nothing waits for that.
 */

import { type BackoffLimits, backoff } from '../core/backoff.ts';
import { BOUNDS, Histogram } from '../protocol/histogram.ts';
import type { Log } from '../protocol/messages.ts';
import type { StateStore } from '../store/state-store.ts';
import type { BrokerLinks } from './links/broker-links.ts';
import type { Markers } from './markers.ts';
import type { TopicTable } from './topics/topic-table.ts';

export interface CommitterDeps {
  readonly store: StateStore;
  readonly table: TopicTable;
  /** They are sent what is waiting; facts of them are stored along with the topics. */
  readonly links: BrokerLinks;
  /** They follow the commits. */
  readonly markers: Pick<Markers, 'write' | 'follow'>;
  readonly log: Log;
}

const RETRY: BackoffLimits = { first: 1_000, longest: 30_000 };

export class Committer {
  /** How long commits took. */
  readonly commits = new Histogram(BOUNDS.commit);
  /** Commits that the store could not make. */
  failures = 0;
  readonly #deps: CommitterDeps;
  #isCommitting = false;
  #again = false;
  #idle: (() => void)[] = [];
  /** As they are stored. */
  #metadata: ReadonlyMap<string, string> = new Map();
  /** Commits that failed in a row. */
  #failures = 0;
  /** Milliseconds since 1970. */
  #retryAt = 0;

  constructor(deps: CommitterDeps) {
    this.#deps = deps;
  }

  /** Stores what changed, then sends what is waiting now. */
  save(): void {
    if (this.#isCommitting) {
      this.#again = true;
      return;
    }
    const { store, table, links, markers } = this.#deps;
    const uptime = performance.now();
    const isFailing = uptime < this.#retryAt;
    // What changes from now on is of a later commit than the markers that leave now.
    if (isFailing) table.close();
    markers.write(isFailing ? table.closed : table.closing);
    const send = links.seal();
    if (isFailing) {
      send();
      return;
    }
    links.pruneHistories(uptime);
    const unsaved = table.takeUnsaved();
    const facts = this.#changedMetadata();
    if (unsaved.size === 0 && facts === undefined) {
      send();
      return;
    }
    this.#isCommitting = true;
    store.commit({ topics: table.each(unsaved), metadata: facts, all: table }, error => {
      if (error === undefined) {
        this.commits.observe((performance.now() - uptime) / 1000);
        this.#stored(facts);
      } else {
        this.#notStored(error, unsaved);
      }
      // Replication matters more than its memory: without the store we are as after a first contact.
      send();
      this.#committed();
    });
  }

  /** Stores what changed, whatever failed before; resolves when that is done, or could not be. */
  finish(): Promise<void> {
    this.#retryAt = 0;
    this.save();
    if (!this.#isCommitting) return Promise.resolve();
    return new Promise(resolve => {
      this.#idle.push(resolve);
    });
  }

  /** All of them, if any has changed. */
  #changedMetadata(): ReadonlyMap<string, string> | undefined {
    const facts = this.#deps.links.metadata();
    const before = this.#metadata;
    const isSame =
      facts.size === before.size && [...facts].every(([name, value]) => before.get(name) === value);
    return isSame ? undefined : facts;
  }

  #stored(facts: ReadonlyMap<string, string> | undefined): void {
    this.#metadata = facts ?? this.#metadata;
    const { store, links, log } = this.#deps;
    links.metadataStored(this.#metadata, performance.now());
    if (this.#failures > 0) log('info', `the state is stored again in ${store.place}`);
    this.#failures = 0;
    this.#retryAt = 0;
  }

  #notStored(error: Error, topics: Iterable<string>): void {
    this.failures++;
    const { table, log } = this.#deps;
    table.putBack(topics);
    if (this.#failures === 0) {
      log('error', `${error.message}; replication goes on, and it is tried again from time to time`);
    }
    this.#retryAt = performance.now() + backoff(this.#failures++, RETRY, Math.random());
  }

  #committed(): void {
    this.#isCommitting = false;
    if (this.#again) {
      this.#again = false;
      this.save();
    }
    if (this.#isCommitting) return;
    this.#deps.markers.follow();
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
