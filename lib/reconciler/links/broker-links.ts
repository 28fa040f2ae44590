/**
 * The links to all brokers. Each broker has an index, which stays its own as long as the reconciler lives, also after the
 * broker is removed.
 */

import { type BrokerSet, has } from '../../core/policy.ts';
import { ControlTopics } from '../../protocol/control-topics.ts';
import type { ReconcilerSettings } from '../../protocol/settings.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { BrokerLink } from './broker-link.ts';
import { markerKeyOf, recordOf, type Self, storeMetadataOf } from './store-metadata.ts';

export class BrokerLinks implements Iterable<BrokerLink> {
  readonly #self: Self;
  readonly #table: TopicTable;
  /** What the store knew of the brokers when it was opened. */
  readonly #recorded: ReadonlyMap<string, string>;
  readonly #links: BrokerLink[] = [];

  constructor(self: Self, table: TopicTable, recorded: ReadonlyMap<string, string>) {
    this.#self = self;
    this.#table = table;
    this.#recorded = recorded;
  }

  /** As an array, for what runs with each message: an iteration over it allocates nothing. */
  get all(): readonly BrokerLink[] {
    return this.#links;
  }

  [Symbol.iterator](): IterableIterator<BrokerLink> {
    return this.#links.values();
  }

  find(broker: number): BrokerLink | undefined {
    return this.#links[broker];
  }

  /** @throws RangeError for an index that no broker has */
  at(broker: number): BrokerLink {
    const link = this.#links[broker];
    if (link === undefined) throw new RangeError(`no broker has the index ${broker}`);
    return link;
  }

  /** The configured broker of this name. */
  named(name: string): BrokerLink | undefined {
    return this.#links.find(link => link.name === name && !link.isRemoved);
  }

  /** Adds a broker at the next index. */
  add(
    { name, rank }: { readonly name: string; readonly rank: number },
    { controlPrefix, scanPeriod, deletionGuard }: ReconcilerSettings,
  ): BrokerLink {
    const { replica, secret, newClientId } = this.#self;
    const control = controlPrefix === undefined ? undefined : new ControlTopics(controlPrefix, replica, name);
    const link = new BrokerLink({
      index: this.#links.length,
      name,
      rank,
      scanPeriod,
      deletionGuard,
      markerTopic: control?.of('marker'),
      secret,
      clientId: newClientId(name),
      deletionHeld: topic => this.#table.recount(topic),
    });
    link.recall(recordOf(name, this.#recorded));
    this.#table.commits.advance(link.marker.recorded ?? 0);
    this.#links.push(link);
    return link;
  }

  /** A broker is removed. Another broker may get its name, and has another client id then. */
  remove(link: BrokerLink): void {
    link.remove(this.#self.newClientId(link.name));
  }

  /** Has the worker of a broker connect under our identity. */
  start(link: BrokerLink): void {
    link.worker.start(this.#self, link.clientId);
  }

  /** The heartbeat of a broker goes to all others, by the way that its messages go. */
  passHeartbeat(link: BrokerLink, sentAt: number): void {
    for (const other of this.#links) {
      if (other !== link && other.session.isReady && !other.isRemoved)
        other.worker.heartbeat(link.name, sentAt);
    }
  }

  /** The brokers at which a topic is blocked. */
  blocking(topic: string): BrokerSet {
    let brokers: BrokerSet = 0;
    for (const { blockedTopics, index } of this.#links) {
      if (blockedTopics.blocked > 0 && blockedTopics.isBlocked(topic)) brokers |= 1 << index;
    }
    return brokers;
  }

  /** The brokers at which the deletion of a topic is held until a person decides. */
  holdingDeletion(topic: string): BrokerSet {
    let brokers: BrokerSet = 0;
    for (const { guard, index } of this.#links) {
      if (guard.size > 0 && guard.holds(topic)) brokers |= 1 << index;
    }
    return brokers;
  }

  /** Whether one of these brokers takes publications as fast as there are any. */
  canTake(brokers: BrokerSet): boolean {
    if (brokers === 0) return false;
    return this.#links.some(
      ({ index, session, flow }) => has(brokers, index) && session.isReady && flow.waiting === 0,
    );
  }

  /** Some topic waits, or some publication is not settled yet. */
  get areBusy(): boolean {
    return this.#links.some(({ unsettled }) => unsettled > 0);
  }

  /** Each configured broker has shown what it retains. */
  get areSeen(): boolean {
    return this.unseen.length === 0;
  }

  /** Configured brokers that have not shown what they retain since mqttrep started. */
  get unseen(): readonly BrokerLink[] {
    return this.#links.filter(({ session, isRemoved }) => session.completed === 0 && !isRemoved);
  }

  /** Each broker that is published to has shown what it retains under the filters as they are now. */
  get haveShownAllFilters(): boolean {
    return this.#links.every(({ session }) => !session.isReady || session.hasShownAllFilters);
  }

  /** What the store is to know of the brokers. */
  metadata(): ReadonlyMap<string, string> {
    return storeMetadataOf(this.#self, this.#links);
  }

  /** The store has this metadata: states before the markers in it soon cannot come back any more. */
  metadataStored(metadata: ReadonlyMap<string, string>, uptime: number): void {
    for (const { name, state } of this.#links) {
      const commit = metadata.get(markerKeyOf(name));
      if (commit !== undefined) state.history.markerStored(Number(commit), uptime);
    }
  }

  /** To be called before a commit, and not while a commit is in progress. */
  pruneHistories(uptime: number): void {
    for (const link of this.#links) link.pruneHistory(uptime);
  }

  /** A commit takes the effects of all batches of observations so far. */
  commitBegun(): void {
    for (const { inboundCredit } of this.#links) inboundCredit.commitBegun();
  }

  /** The commit has succeeded or failed: the credit of these batches goes back. */
  commitEnded(): void {
    for (const { inboundCredit, worker } of this.#links) worker.credit(inboundCredit.commitEnded());
  }

  /** Takes out all that is gathered to be sent at this moment; the result sends it. */
  seal(): () => void {
    const sends = this.#links.map(link => link.seal());
    return () => {
      for (const send of sends) send();
    };
  }
}
