/**
 * Whether a topic is an event topic, and its settings.
 *
 * As with state, the most specific filter that sets a thing decides it, and one filter that forbids a broker is enough.
 */

import { bySpecificity, isReplicable, matches } from '../core/filter.ts';
import { type BrokerSet, DEFAULT_QOS, has, type QoS } from '../core/policy.ts';
import { MAX_EVENT_QOS } from '../core/topic-mode.ts';
import type { EventFilter } from '../protocol/event-settings.ts';

export interface EventPolicy {
  readonly isEvent: boolean;
  /** The filter that decides the mode; empty if none does. For counters and the log. */
  readonly filter: string;
  /** True: published retained, even if it was received unretained. */
  readonly retain: boolean;
  readonly qos: QoS;
  /** Milliseconds; Infinity for never. */
  readonly expiry: number;
  /** Brokers that may be published to. */
  readonly publish: BrokerSet;
  /** Brokers whose messages under the topic are not taken in. */
  readonly excluded: BrokerSet;
  /** Brokers that deliver our own publish back. */
  readonly echo: BrokerSet;
}

export const DEFAULT_EXPIRY_MS = 86_400_000;

/** Topics whose policy is remembered. */
const REMEMBERED = 10_000;

export class EventPolicies {
  readonly #filters: readonly EventFilter[];
  readonly #all: BrokerSet;
  readonly #controlPrefix: string;
  #known = new Map<string, EventPolicy>();

  /** @param controlPrefix the default one if control topics are off */
  constructor(filters: readonly EventFilter[], brokers: number, controlPrefix: string) {
    this.#filters = [...filters].sort((a, b) => bySpecificity(a.filter, b.filter));
    this.#all = 2 ** brokers - 1;
    this.#controlPrefix = controlPrefix;
  }

  of(topic: string): EventPolicy {
    const known = this.#known.get(topic);
    if (known !== undefined) return known;
    const policy = this.#combined(topic);
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(topic, policy);
    return policy;
  }

  #combined(topic: string): EventPolicy {
    const matched = this.#filters.filter(({ filter }) => matches(filter, topic));
    const decides = matched.find(({ mode }) => mode !== undefined);
    const isEvent = decides?.mode === 'event' && isReplicable(topic, this.#controlPrefix);
    const excluded = matched.reduce((set, { exclude = 0 }) => set | exclude, 0);
    const qos = matched.find(filter => filter.qos !== undefined)?.qos ?? DEFAULT_QOS;
    return {
      isEvent,
      filter: decides?.filter ?? '',
      retain: matched.find(({ retain }) => retain !== undefined)?.retain ?? false,
      qos: Math.min(qos, MAX_EVENT_QOS) as QoS,
      expiry: matched.find(({ expiry }) => expiry !== undefined)?.expiry ?? DEFAULT_EXPIRY_MS,
      publish: isEvent ? matched.reduce((set, { publish }) => set & publish, this.#all & ~excluded) : 0,
      excluded,
      echo: matched.reduce((set, { subscribe }) => set | subscribe, 0),
    };
  }
}

/** The brokers that an event goes to, as far as is known when it is logged. */
export function recipientsOf(
  { publish }: EventPolicy,
  origin: number,
  path: readonly string[],
  ids: readonly string[],
): BrokerSet {
  let set = 0;
  for (const [index, id] of ids.entries())
    if (index !== origin && has(publish, index) && !hasPassed(path, id)) set |= 1 << index;
  return set;
}

/** Whether an event was at the broker with this id already. */
export function hasPassed(path: readonly string[], id: string): boolean {
  return id !== '' && path.includes(id);
}
