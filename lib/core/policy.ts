/**
 * The policy of a topic: its settings, looked up from the filters that match it.
 *
 * RETAIN, REPEAT, QOS, TTL and MERGE are taken from the most specific filter that sets them. Permission works the other way
 * round: one filter that forbids a broker is enough. An exclusion also forbids to take the topic from a broker.
 */

import { bySpecificity, covers, matches } from './filter.ts';
import { DEFAULT_CHAIN, type MergeChain } from './merge-chain.ts';
import type { MessageOrder } from './merge-order.ts';
import type { TopicMode } from './topic-mode.ts';
import { compareVersions } from './version.ts';

export type QoS = 0 | 1 | 2;

/** A set of brokers: bit `i` is the broker with index `i`. */
export type BrokerSet = number;

/** All brokers that there can be. */
export const ALL_BROKERS: BrokerSet = 2 ** 30 - 1;

/** Brokers in one process: a `BrokerSet` is a small integer, and each broker is a thread. */
export const MAX_BROKERS = 30;

/** The settings of one filter. A setting that it leaves unset is taken from a broader filter. */
export interface FilterSettings {
  readonly filter: string;
  /** Event topics are delivered by the event actor: nothing is published for their state. */
  readonly mode?: TopicMode;
  readonly retain?: boolean;
  readonly repeat?: boolean;
  readonly qos?: QoS;
  /** Milliseconds, 0 = for ever. */
  readonly ttl?: number;
  readonly merge?: MergeChain;
  /** Brokers that subscribe to the filter. */
  readonly subscribe: BrokerSet;
  /** Brokers that the filter allows the topic to be published to. */
  readonly publish: BrokerSet;
  /** Brokers that do not have the topics of this filter, which is no other setting then: an exclusion. */
  readonly exclude?: BrokerSet;
}

/** The settings of one topic. All topics that match the same filters share one object. */
export interface Policy {
  /** True: a message is published retained, even if it was received unretained. */
  readonly retain: boolean;
  /** True: a retained message that equals the winner is published to the other brokers again. */
  readonly repeat: boolean;
  readonly qos: QoS;
  /** Milliseconds, 0 = for ever. */
  readonly ttl: number;
  readonly chain: MergeChain;
  /** The order of messages by the chain. */
  readonly order: MessageOrder;
  /** Brokers that may be published to. */
  readonly publish: BrokerSet;
  /** Brokers at which we subscribe to the topic: they deliver an echo of what we publish. */
  readonly echo: BrokerSet;
  /** Brokers that may deliver each message twice: two subscribed filters match the topic, and neither covers the other. */
  readonly twice: BrokerSet;
}

/** The QoS of a topic whose filters set none. */
export const DEFAULT_QOS: QoS = 1;

/** A decision tree over the filters in their order. Each path that occurred ends at the policy of the filters that apply. */
interface Branch {
  applies?: Branch;
  appliesNot?: Branch;
  policy?: Policy;
}

const byArrival: MessageOrder = (a, b) => compareVersions(a.version, b.version);

/** Looks up policies. Topics that match the same filters get the same object. */
export class Policies {
  readonly #settings: readonly FilterSettings[];
  readonly #known: Branch = {};
  readonly #all: BrokerSet;
  readonly #orders = new Map<MergeChain, MessageOrder>();
  readonly #orderOf: (chain: MergeChain) => MessageOrder;

  /** @param orderOf compiles a merge chain; without it `order` goes by arrival, which is enough to look up other settings */
  constructor(
    settings: readonly FilterSettings[],
    brokers: number,
    orderOf: (chain: MergeChain) => MessageOrder = () => byArrival,
  ) {
    this.#orderOf = orderOf;
    this.#settings = [...settings].sort((a, b) => bySpecificity(a.filter, b.filter));
    this.#all = 2 ** brokers - 1;
  }

  /** The policy of a topic. */
  of(topic: string): Policy {
    return this.#combined(settings => matches(settings.filter, topic));
  }

  /** The policy that all topics of a filter have in common: of the filter itself and of broader ones. */
  covering(filter: string): Policy {
    return this.#combined(settings => covers(settings.filter, filter));
  }

  #combined(applies: (settings: FilterSettings) => boolean): Policy {
    let branch = this.#known;
    for (const settings of this.#settings) {
      if (applies(settings)) branch = branch.applies ??= {};
      else branch = branch.appliesNot ??= {};
    }
    branch.policy ??= this.#combine(this.#settings.filter(applies));
    return branch.policy;
  }

  #combine(matched: readonly FilterSettings[]): Policy {
    const combined = combine(matched, this.#all);
    return { ...combined, order: this.#order(combined.chain) };
  }

  #order(chain: MergeChain): MessageOrder {
    const known = this.#orders.get(chain);
    if (known !== undefined) return known;
    const order = this.#orderOf(chain);
    this.#orders.set(chain, order);
    return order;
  }
}

/** @param matched filters from the most specific to the broadest */
function combine(matched: readonly FilterSettings[], all: BrokerSet): Omit<Policy, 'order'> {
  const excluded = matched.reduce((set, { exclude = 0 }) => set | exclude, 0);
  const isEvent = matched.find(({ mode }) => mode !== undefined)?.mode === 'event';
  const isReplicated = !isEvent && matched.some(({ exclude }) => exclude === undefined);
  return {
    retain: matched.find(s => s.retain !== undefined)?.retain ?? false,
    repeat: matched.find(s => s.repeat !== undefined)?.repeat ?? false,
    qos: matched.find(s => s.qos !== undefined)?.qos ?? DEFAULT_QOS,
    ttl: matched.find(s => s.ttl !== undefined)?.ttl ?? 0,
    chain: matched.find(s => s.merge !== undefined)?.merge ?? DEFAULT_CHAIN,
    publish: isReplicated ? matched.reduce((set, s) => set & s.publish, all) & ~excluded : 0,
    echo: matched.reduce((set, s) => set | s.subscribe, 0) & ~excluded,
    twice: matched.reduce((set, s) => set | sharedWith(s, matched), 0) & ~excluded,
  };
}

/** Brokers at which the filter and another one of these are subscribed, and neither covers the other. */
function sharedWith({ filter, subscribe }: FilterSettings, all: readonly FilterSettings[]): BrokerSet {
  const beside = all.filter(
    other => other.filter !== filter && !covers(other.filter, filter) && !covers(filter, other.filter),
  );
  return beside.reduce((set, other) => set | (subscribe & other.subscribe), 0);
}

export function has(set: BrokerSet, broker: number): boolean {
  return (set & (1 << broker)) !== 0;
}
