/**
 * A publication leaves after a commit has stored its register, or has failed. So mqttrep knows after a crash whether it wrote a
 * message that a broker shows.
 *
 * One commit is in progress at a time; what changes meanwhile goes with the next one. When a commit fails, its changes go with
 * a later commit, and nothing waits for that.
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
  readonly links: BrokerLinks;
  /** They follow the commits. */
  readonly markers: Pick<Markers, 'write' | 'scheduleWrite'>;
  readonly log: Log;
}

/** Milliseconds before a failed commit is tried again. */
const RETRY_MS: BackoffLimits = { first: 1_000, longest: 30_000 };

export class Committer {
  /** Seconds that commits took. */
  readonly commits = new Histogram(BOUNDS.commit);
  readonly #deps: CommitterDeps;
  #isCommitting = false;
  /** Something changed while a commit was in progress. */
  #isNextRequested = false;
  #idle: (() => void)[] = [];
  /** The metadata as it is stored. */
  #metadata: ReadonlyMap<string, string> = new Map();
  #failures = 0;
  #failuresInARow = 0;
  /** In milliseconds of `performance.now()`. */
  #retryAt = 0;

  constructor(deps: CommitterDeps) {
    this.#deps = deps;
  }

  /** Commits that failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Stores what changed. Then sends the publications and probes that were gathered before. */
  commitAndSend(): void {
    if (this.#isCommitting) {
      this.#isNextRequested = true;
      return;
    }
    const { store, table, links, markers } = this.#deps;
    const uptime = performance.now();
    const isFailing = uptime < this.#retryAt;
    // The markers that leave now name a closed commit. Later changes belong to a later commit.
    if (isFailing) table.commits.close();
    markers.write(isFailing ? table.commits.closed : table.commits.closing);
    const send = links.seal();
    links.commitBegun();
    if (isFailing) {
      this.#finish(send);
      return;
    }
    links.pruneHistories(uptime);
    const unsaved = table.takeUnsaved();
    const metadata = this.#changedMetadata();
    if (unsaved.size === 0 && metadata === undefined) {
      this.#finish(send);
      return;
    }
    this.#isCommitting = true;
    store.commit({ topics: unsaved, metadata, all: table }, error => {
      if (error === undefined) {
        this.commits.observe((performance.now() - uptime) / 1000);
        this.#stored(metadata);
      } else {
        this.#notStored(error, unsaved.names);
      }
      // Replication goes on without the store. A later restart then resembles a first contact.
      this.#finish(send);
      this.#commitNext();
    });
  }

  /** Stores what changed, also while commits fail. Resolves when the commit has succeeded or failed. */
  finish(): Promise<void> {
    this.#retryAt = 0;
    this.commitAndSend();
    if (!this.#isCommitting) return Promise.resolve();
    return new Promise(resolve => {
      this.#idle.push(resolve);
    });
  }

  #finish(send: () => void): void {
    send();
    this.#deps.links.commitEnded();
  }

  /** All metadata, if any of it has changed. */
  #changedMetadata(): ReadonlyMap<string, string> | undefined {
    const metadata = this.#deps.links.metadata();
    const before = this.#metadata;
    const isSame =
      metadata.size === before.size && [...metadata].every(([key, value]) => before.get(key) === value);
    return isSame ? undefined : metadata;
  }

  #stored(metadata: ReadonlyMap<string, string> | undefined): void {
    this.#metadata = metadata ?? this.#metadata;
    const { store, links, log } = this.#deps;
    links.metadataStored(this.#metadata, performance.now());
    if (this.#failuresInARow > 0) log('info', `the state is stored again in ${store.place}`);
    this.#failuresInARow = 0;
    this.#retryAt = 0;
  }

  #notStored(error: Error, topics: Iterable<string>): void {
    this.#failures++;
    const { table, log } = this.#deps;
    table.commits.putBack(topics);
    if (this.#failuresInARow === 0) {
      log('error', `${error.message}; replication goes on, and mqttrep retries from time to time`);
    }
    this.#retryAt = performance.now() + backoff(this.#failuresInARow++, RETRY_MS, Math.random());
  }

  #commitNext(): void {
    this.#isCommitting = false;
    if (this.#isNextRequested) {
      this.#isNextRequested = false;
      this.commitAndSend();
    }
    if (this.#isCommitting) return;
    this.#deps.markers.scheduleWrite();
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
