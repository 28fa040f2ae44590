/** From the configuration to what each actor is started with: names become broker indexes and sets. */

import type { BrokerConfig, Config, TopicConfig } from '../config/config.ts';
import { DEFAULT_CHAIN } from '../core/merge-chain.ts';
import { type BrokerSet, type FilterSettings, Policies, type QoS } from '../core/policy.ts';
import { minimalSubscriptions, type Subscription } from '../core/subscriptions.ts';
import type { BrokerSettings, Mode, ReconcilerSettings } from '../protocol/settings.ts';

/** @param clientId undefined for the one that the store keeps */
export function brokerSettings<Id extends string | undefined>(
  broker: BrokerConfig,
  config: Config,
  clientId: Id,
  mode: Mode = 'replicate',
  process = '',
): BrokerSettings & { readonly clientId: Id } {
  return {
    mode,
    name: broker.name,
    process,
    url: broker.url,
    options: broker.options,
    clientId,
    maxQos: broker.maxQos,
    maxLevels: broker.maxLevels ?? Number.POSITIVE_INFINITY,
    maxTopicLength: broker.maxTopicLength ?? Number.POSITIVE_INFINITY,
    subscriptions: subscriptionsOf(broker, config),
    sampling: { period: 1000 / config.mergeFrequency, newestOnly: config.topics.every(goesByArrival) },
    bounds: config.bounds,
    controlPrefix: config.controlTopic,
    stateTopics: config.stateTopics,
  };
}

function goesByArrival({ merge = DEFAULT_CHAIN }: TopicConfig): boolean {
  return merge[0]?.by === 'arrival';
}

/** What the broker is subscribed to: each filter with its QoS, and no filter twice. */
export function subscriptionsOf(broker: BrokerConfig, config: Config): Subscription[] {
  const wanted = config.topics
    .filter(topic => topic.subscribers.includes(broker.name))
    .map(topic => ({ filter: topic.filter, qos: qosOf(topic, config) }));
  return minimalSubscriptions(wanted, broker.maxQos);
}

/** A filter that sets no QoS has that of the next broader one, as a topic has. */
function qosOf(topic: TopicConfig, config: Config): QoS {
  if (topic.qos !== undefined) return topic.qos;
  const names = config.brokers.map(({ name }) => name);
  const settings = config.topics.map(other => filterSettings(other, names));
  return new Policies(settings, names.length).covering(topic.filter).qos;
}

/**
 * A rehearsal writes no marker, and leaves the store alone: what it decides has not happened.
 *
 * @param names the names of the brokers by index, those that have been removed included
 */
export function reconcilerSettings(
  config: Config,
  names: readonly string[],
  mode: Mode = 'replicate',
): ReconcilerSettings {
  return {
    controlPrefix: mode === 'dry-run' ? undefined : config.controlTopic,
    filters: config.topics.map(topic => filterSettings(topic, names)),
    mergeFrequency: config.mergeFrequency,
    scanPeriod: config.scanPeriod,
    maxDrift: config.maxDrift * 1000,
    deletionGuard: config.deletionGuard,
    bounds: config.bounds,
    store: mode === 'dry-run' ? 'memory' : config.store,
    hidesPayloads: config.http?.hidesPayloads ?? true,
  };
}

function filterSettings(topic: TopicConfig, names: readonly string[]): FilterSettings {
  return {
    filter: topic.filter,
    ...(topic.retain === undefined ? {} : { retain: topic.retain }),
    ...(topic.repeat === undefined ? {} : { repeat: topic.repeat }),
    ...(topic.qos === undefined ? {} : { qos: topic.qos }),
    ...(topic.ttl === undefined ? {} : { ttl: topic.ttl * 1000 }),
    ...(topic.merge === undefined ? {} : { merge: topic.merge }),
    subscribe: setOf(topic.subscribers, names),
    publish: setOf(topic.publishers, names),
  };
}

function setOf(members: readonly string[], names: readonly string[]): BrokerSet {
  return names.reduce((set, name, index) => (members.includes(name) ? set | (1 << index) : set), 0);
}

/**
 * Who wins where two brokers differ at first contact and nothing else decides: the higher priority, then the
 * name that comes first. Larger wins.
 */
export function rankOf(broker: BrokerConfig, brokers: readonly BrokerConfig[]): number {
  const order = [...brokers].sort((a, b) => a.priority - b.priority || (a.name < b.name ? 1 : -1));
  return order.indexOf(broker);
}
