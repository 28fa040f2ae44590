/** The links to all brokers. Each has an index, its own as long as the reconciler lives, also when it is removed. */

import type { BrokerSet } from '../../core/policy.ts';
import { ControlTopics } from '../../protocol/control-topics.ts';
import type { ReconcilerSettings } from '../../protocol/messages.ts';
import type { Superseded, SupersededAt } from '../../store/state-store.ts';
import type { HeldBefore, HeldChange } from '../topics/held-change.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { BrokerLink } from './broker-link.ts';
import { markerFact, recall, type Self, storeMetadataOf } from './store-metadata.ts';

const NOTHING: readonly SupersededAt[] = [];

export class BrokerLinks implements Iterable<BrokerLink>, HeldBefore {
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

  [Symbol.iterator](): IterableIterator<BrokerLink> {
    return this.#links.values();
  }

  find(broker: number): BrokerLink | undefined {
    return this.#links[broker];
  }

  at(broker: number): BrokerLink {
    const link = this.#links[broker];
    if (link === undefined) throw new RangeError(`there is no broker ${broker}`);
    return link;
  }

  /** Adds a broker at the next index. */
  add(
    { name, rank }: { readonly name: string; readonly rank: number },
    { controlPrefix, scanPeriod, deletionGuard }: ReconcilerSettings,
  ): BrokerLink {
    const control =
      controlPrefix === undefined ? undefined : new ControlTopics(controlPrefix, this.#self.replica, name);
    const index = this.#links.length;
    const { secret } = this.#self;
    const clientId = this.#self.newClientId(name);
    const markerTopic = control?.of('marker');
    const marked = { markerTopic, secret };
    const link = new BrokerLink({ ...marked, index, name, rank, scanPeriod, clientId, deletionGuard });
    link.guard.changed = topic => this.#table.recount(topic);
    recall(link, this.#recorded);
    this.#table.advance(link.marker.recorded ?? 0);
    this.#links.push(link);
    return link;
  }

  /** A broker that is removed is forgotten: its name may be given to another one. */
  remove(link: BrokerLink): void {
    link.isRemoved = true;
    link.clientId = this.#self.newClientId(link.name);
  }

  /** Has the worker of a broker connect as us. */
  start(link: BrokerLink): void {
    link.start(this.#self);
  }

  /** The brokers that do not take a topic. */
  blocking(topic: string): BrokerSet {
    return this.#links.reduce(
      (set, { blockedTopics, index }) => (blockedTopics.isBlocked(topic) ? set | (1 << index) : set),
      0,
    );
  }

  /** The brokers that show a topic no more, and of which a person decides whether it was deleted there. */
  doubting(topic: string): BrokerSet {
    return this.#links.reduce((set, { guard, index }) => (guard.holds(topic) ? set | (1 << index) : set), 0);
  }

  /** Whether a publication, or a topic, is not settled yet. */
  get areBusy(): boolean {
    return this.#links.some(link => link.busy);
  }

  /** Whether each broker that is configured has shown what it retains. */
  get areSeen(): boolean {
    return this.#links.every(({ sessionsCompleted, isRemoved }) => sessionsCompleted > 0 || isRemoved);
  }

  /** Whether each that is published to has shown what it retains under the filters that hold now. */
  get areKnown(): boolean {
    return this.#links.every(({ ready, former }) => !ready || former === undefined);
  }

  /** What the store is to know of them. */
  metadata(): ReadonlyMap<string, string> {
    return storeMetadataOf(this.#self, this.#links);
  }

  /** These facts are stored: what was before the markers that they name matters for a while only. */
  metadataStored(facts: ReadonlyMap<string, string>, uptime: number): void {
    for (const { name, state } of this.#links) {
      const commit = facts.get(markerFact(name));
      if (commit !== undefined) state.history.markerStored(Number(commit), uptime);
    }
  }

  /** To be called before a commit, and not while one is made. */
  pruneHistories(uptime: number): void {
    for (const link of this.#links) link.pruneHistory(uptime);
  }

  // ── what they held a moment ago ────────────────────────────────────────────────────────────────────

  changed(topic: string, broker: number, change: HeldChange): void {
    this.#links[broker]?.state.changed(topic, change);
  }

  heldUnseen(topic: string, broker: number, value: Superseded): void {
    this.#links[broker]?.state.heldUnseen(topic, value);
  }

  load(topic: string, superseded: readonly SupersededAt[]): void {
    for (const { index, state } of this.#links) {
      const values = superseded.filter(({ broker }) => broker === index);
      if (values.length > 0) state.history.load(topic, values);
    }
  }

  of(topic: string): readonly SupersededAt[] {
    let all: SupersededAt[] | undefined;
    for (const { index, state } of this.#links) {
      for (const { from, until, payload, properties } of state.history.stored(topic)) {
        all ??= [];
        all.push({ broker: index, from, until, payload, properties });
      }
    }
    return all ?? NOTHING;
  }

  forget(topic: string): void {
    for (const { state } of this.#links) state.history.forget(topic);
  }

  /** Closes what is waiting to be sent at this moment; the result sends it. */
  seal(): () => void {
    const sends = this.#links.map(link => link.seal());
    return () => {
      for (const send of sends) send();
    };
  }
}
