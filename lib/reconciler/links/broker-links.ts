/** The links to all brokers. Each has an index, its own as long as the reconciler lives, also when it is removed. */

import type { BrokerSet } from '../../core/policy.ts';
import { ControlTopics } from '../../protocol/control-topics.ts';
import type { ReconcilerSettings } from '../../protocol/messages.ts';
import { factsOf, recall } from '../facts.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { BrokerLink } from './broker-link.ts';

export class BrokerLinks implements Iterable<BrokerLink> {
  readonly #replica: string;
  readonly #table: TopicTable;
  /** What the store knew of the brokers when it was opened. */
  readonly #recorded: ReadonlyMap<string, string>;
  readonly #links: BrokerLink[] = [];

  constructor(replica: string, table: TopicTable, recorded: ReadonlyMap<string, string>) {
    this.#replica = replica;
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
      controlPrefix === undefined ? undefined : new ControlTopics(controlPrefix, this.#replica, name);
    const index = this.#links.length;
    const markerTopic = control?.of('marker');
    const link = new BrokerLink({ index, name, rank, scanPeriod, markerTopic, deletionGuard });
    recall(link, this.#recorded);
    this.#table.advance(link.marker.recorded ?? 0);
    this.#links.push(link);
    return link;
  }

  /** The brokers that do not take a topic. */
  blocking(topic: string): BrokerSet {
    return this.#links.reduce(
      (set, { blocks, index }) => (blocks.isBlocked(topic) ? set | (1 << index) : set),
      0,
    );
  }

  /** Whether a publication, or a topic, is not settled yet. */
  get areBusy(): boolean {
    return this.#links.some(link => link.busy);
  }

  /** Whether each broker that is configured has shown what it retains. */
  get areSeen(): boolean {
    return this.#links.every(({ visits, isRemoved }) => visits > 0 || isRemoved);
  }

  /** Whether each that is published to has shown what it retains under the filters that hold now. */
  get areKnown(): boolean {
    return this.#links.every(({ ready, former }) => !ready || former === undefined);
  }

  /** What the store is to know of them. */
  facts(): ReadonlyMap<string, string> {
    return factsOf(this.#replica, this.#links);
  }

  /** Closes what is waiting to be sent at this moment; the result sends it. */
  seal(): () => void {
    const sends = this.#links.map(link => link.seal());
    return () => {
      for (const send of sends) send();
    };
  }
}
