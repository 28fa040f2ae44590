/**
 * Settings of a topic, looked up from the filters that match it.
 *
 * Of RETAIN, REPEAT, QOS, TTL and MERGE the most specific filter that sets it decides; permission is the other way round:
 * one filter that forbids a broker is enough.
 */

import { bySpecificity, covers, matches } from './filter.ts';
import { DEFAULT_CHAIN, type MergeChain } from './merge-chain.ts';
import type { MessageOrder } from './merge-order.ts';
import { compareVersions } from './version.ts';

export type QoS = 0 | 1 | 2;

/** A set of brokers: bit `i` stands for the broker with index `i`. */
export type BrokerSet = number;

/** All brokers that there can be. */
export const ALL_BROKERS: BrokerSet = 2 ** 30 - 1;

/** Brokers in one process: a `BrokerSet` is a small integer, and each broker is a thread. */
export const MAX_BROKERS = 30;

/** What one configured filter says. Unset fields are left to a broader filter. */
export interface FilterSettings {
  readonly filter: string;
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
}

/** What holds for one topic. One object for all topics that match the same filters. */
export interface Policy {
  /** True: a message is published retained even where it was not received so. */
  readonly retain: boolean;
  /** True: a retained message that says nothing new is passed on to the other brokers all the same. */
  readonly repeat: boolean;
  readonly qos: QoS;
  /** Milliseconds, 0 = for ever. */
  readonly ttl: number;
  readonly chain: MergeChain;
  /** Which of two messages wins, by the chain. */
  readonly order: MessageOrder;
  /** Brokers that may be published to. */
  readonly publish: BrokerSet;
  /** Brokers at which the topic is subscribed: those that show us an echo of what we publish. */
  readonly echo: BrokerSet;
  /** Brokers that deliver each message twice: two of the filters subscribed there match it, and neither covers the other. */
  readonly twice: BrokerSet;
}

/** The QoS of a topic for which no filter says otherwise. */
export const DEFAULT_QOS: QoS = 1;

const byArrival: MessageOrder = (a, b) => compareVersions(a.version, b.version);

/** Looks policies up; the same filters matched give the same object. */
export class Policies {
  readonly #settings: readonly FilterSettings[];
  readonly #known = new Map<string, Policy>();
  readonly #all: BrokerSet;
  readonly #orders = new Map<MergeChain, MessageOrder>();
  readonly #orderOf: (chain: MergeChain) => MessageOrder;

  /** @param orderOf compiles a merge chain; without it all goes by arrival, for who looks up other settings */
  constructor(
    settings: readonly FilterSettings[],
    brokers: number,
    orderOf: (chain: MergeChain) => MessageOrder = () => byArrival,
  ) {
    this.#orderOf = orderOf;
    this.#settings = [...settings].sort((a, b) => bySpecificity(a.filter, b.filter));
    this.#all = 2 ** brokers - 1;
  }

  /** What holds for a topic. */
  of(topic: string): Policy {
    return this.#combined(settings => matches(settings.filter, topic));
  }

  /** What holds for all topics of a filter, however they go on: the filter itself and the broader ones. */
  covering(filter: string): Policy {
    return this.#combined(settings => covers(settings.filter, filter));
  }

  #combined(applies: (settings: FilterSettings) => boolean): Policy {
    const matched: FilterSettings[] = [];
    let key = '';
    for (const [index, settings] of this.#settings.entries()) {
      if (!applies(settings)) continue;
      matched.push(settings);
      key += `${index},`;
    }
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const combined = combine(matched, this.#all);
    const policy = { ...combined, order: this.#order(combined.chain) };
    this.#known.set(key, policy);
    return policy;
  }

  #order(chain: MergeChain): MessageOrder {
    const known = this.#orders.get(chain);
    if (known !== undefined) return known;
    const order = this.#orderOf(chain);
    this.#orders.set(chain, order);
    return order;
  }
}

/** Filters in the order of their specificity → what holds. */
function combine(matched: readonly FilterSettings[], all: BrokerSet): Omit<Policy, 'order'> {
  return {
    retain: matched.find(s => s.retain !== undefined)?.retain ?? false,
    repeat: matched.find(s => s.repeat !== undefined)?.repeat ?? false,
    qos: matched.find(s => s.qos !== undefined)?.qos ?? DEFAULT_QOS,
    ttl: matched.find(s => s.ttl !== undefined)?.ttl ?? 0,
    chain: matched.find(s => s.merge !== undefined)?.merge ?? DEFAULT_CHAIN,
    publish: matched.length === 0 ? 0 : matched.reduce((set, s) => set & s.publish, all),
    echo: matched.reduce((set, s) => set | s.subscribe, 0),
    twice: matched.reduce((set, s) => set | sharedWith(s, matched), 0),
  };
}

/** Brokers at which the filter is subscribed, and beside it another one of these. */
function sharedWith({ filter, subscribe }: FilterSettings, all: readonly FilterSettings[]): BrokerSet {
  const beside = all.filter(
    other => other.filter !== filter && !covers(other.filter, filter) && !covers(filter, other.filter),
  );
  return beside.reduce((set, other) => set | (subscribe & other.subscribe), 0);
}

export function has(set: BrokerSet, broker: number): boolean {
  return (set & (1 << broker)) !== 0;
}
