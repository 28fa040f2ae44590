/** The settings of each actor, made from the configuration: names of brokers become indexes and sets. */

import { placesByVariables } from '../config/broker-places.ts';
import type { BrokerConfig, Config, ExcludeConfig, TopicConfig } from '../config/config.ts';
import { excludedAt, namesAt } from '../config/routes.ts';
import { covers } from '../core/filter.ts';
import { DEFAULT_CHAIN } from '../core/merge-chain.ts';
import { ALL_BROKERS, type BrokerSet, type FilterSettings, Policies, type QoS } from '../core/policy.ts';
import { minimalSubscriptions, type Subscription } from '../core/subscriptions.ts';
import { hasEventFilter, isEventFilter, MAX_EVENT_QOS } from '../core/topic-mode.ts';
import type { ModeFilter } from '../core/topic-modes.ts';
import { RANKS_PER_PRIORITY } from '../core/version.ts';
import type { EventFilter, EventLinkSettings, EventSettings } from '../protocol/event-settings.ts';
import type { BrokerSettings, Mode, ReconcilerSettings } from '../protocol/settings.ts';

/** @param clientId undefined for the client id that the store keeps */
export function brokerSettings<Id extends string | undefined>(
  broker: BrokerConfig,
  config: Config,
  clientId: Id,
  mode: Mode = 'replicate',
  process = '',
): BrokerSettings & { readonly clientId: Id } {
  const modes = modesOf(config);
  const events = mode === 'dry-run' ? undefined : eventLinkSettings(broker, config);
  return {
    ...(modes === undefined ? {} : { modes }),
    ...(events === undefined ? {} : { events }),
    mode,
    name: broker.name,
    process,
    url: broker.url,
    places: broker.places ?? placesByVariables(broker.name),
    ...(broker.otherUrls === undefined ? {} : { otherUrls: broker.otherUrls }),
    ...(broker.returnAfter === undefined ? {} : { returnAfter: broker.returnAfter * 1000 }),
    options: broker.options,
    clientId,
    maxQos: broker.maxQos,
    maxLevels: broker.maxLevels ?? Number.POSITIVE_INFINITY,
    maxTopicLength: broker.maxTopicLength ?? Number.POSITIVE_INFINITY,
    maxPacketSize: broker.maxPacketSize ?? Number.POSITIVE_INFINITY,
    maxInFlight: broker.maxInFlight ?? Number.POSITIVE_INFINITY,
    maxFilters: broker.maxFilters ?? Number.POSITIVE_INFINITY,
    acceptsDeletions: broker.acceptsDeletions !== false,
    ...rateOf(broker),
    subscriptions: subscriptionsOf(broker, config),
    names: namesAt(broker.name, config),
    sampling: { period: 1000 / config.mergeFrequency, newestOnly: config.topics.every(goesByArrival) },
    bounds: config.bounds,
    controlPrefix: config.controlTopic,
    stateTopics: config.stateTopics,
    heartbeatMs: config.heartbeat * 1_000,
  };
}

/** None without a limit. */
function rateOf({ maxRate, maxBytesPerSecond }: BrokerConfig): Pick<BrokerSettings, 'rate'> {
  if (maxRate === undefined && maxBytesPerSecond === undefined) return {};
  const { POSITIVE_INFINITY } = Number;
  return {
    rate: { messages: maxRate ?? POSITIVE_INFINITY, bytes: maxBytesPerSecond ?? POSITIVE_INFINITY },
  };
}

function goesByArrival({ merge = DEFAULT_CHAIN }: TopicConfig): boolean {
  return merge[0]?.by === 'arrival';
}

/** The filters that set a mode; undefined if no topic is an event topic. */
function modesOf({ topics }: Config): readonly ModeFilter[] | undefined {
  if (!hasEventFilter(topics)) return undefined;
  return topics.flatMap(({ filter, mode }) => (mode === undefined ? [] : [{ filter, mode }]));
}

/** The subscriptions of the state at a broker: each filter once, with its QoS. */
export function subscriptionsOf(broker: BrokerConfig, config: Config): Subscription[] {
  const excluded = excludedAt(broker.name, config);
  const subscriptions = config.topics
    .filter(topic => topic.subscribers.includes(broker.name))
    .filter(topic => !isEventFilter(topic.filter, config.topics))
    .filter(topic => !excluded.some(filter => covers(filter, topic.filter)))
    .map(topic => ({ filter: topic.filter, qos: qosOf(topic, config) }));
  return minimalSubscriptions(subscriptions, broker.maxQos);
}

/** A filter without a QoS takes that of the next broader filter, as a topic does. */
function qosOf(topic: TopicConfig, config: Config): QoS {
  if (topic.qos !== undefined) return topic.qos;
  const names = config.brokers.map(({ name }) => name);
  const settings = config.topics.map(other => filterSettings(other, names));
  return new Policies(settings, names.length).covering(topic.filter).qos;
}

/**
 * A dry run writes no marker and does not touch the store, since nothing that it decides happens.
 *
 * @param names the names of the brokers by index, including removed ones
 */
export function reconcilerSettings(
  config: Config,
  names: readonly string[],
  mode: Mode = 'replicate',
): ReconcilerSettings {
  return {
    controlPrefix: mode === 'dry-run' ? undefined : config.controlTopic,
    filters: [
      ...config.topics.map(topic => filterSettings(topic, names)),
      ...config.exclusions.flatMap(exclusion => exclusionSettings(exclusion, names)),
    ],
    mergeFrequency: config.mergeFrequency,
    scanPeriod: config.scanPeriod,
    maxDrift: config.maxDrift * 1000,
    deletionGuard: config.deletionGuard,
    bounds: config.bounds,
    store: mode === 'dry-run' ? { kind: 'memory' } : config.store,
    hidesPayloads: config.http?.hidesPayloads ?? true,
    mode,
  };
}

/**
 * The settings of the event actor; undefined if no topic is an event topic.
 *
 * @param names the names of the brokers by index, including removed ones
 */
export function eventSettings(config: Config, names: readonly string[]): EventSettings | undefined {
  if (!hasEventFilter(config.topics)) return undefined;
  const { bytes, full, sync, hops } = config.events;
  return {
    filters: [
      ...config.topics.map(topic => eventFilter(topic, names)),
      ...config.exclusions.flatMap(exclusion => exclusionSettings(exclusion, names)),
    ],
    store: config.store,
    controlPrefix: config.controlTopic,
    bounds: config.bounds,
    queue: { bytes, full, sync },
    hops,
  };
}

/** The event connection to a broker; undefined if it needs none. */
export function eventLinkSettings(broker: BrokerConfig, config: Config): EventLinkSettings | undefined {
  const excluded = excludedAt(broker.name, config);
  const topics = config.topics
    .filter(({ filter }) => isEventFilter(filter, config.topics))
    .filter(({ filter }) => !excluded.some(other => covers(other, filter)));
  const isUsed = topics.some(
    ({ subscribers, publishers }) => subscribers.includes(broker.name) || publishers.includes(broker.name),
  );
  if (!isUsed) return undefined;
  const subscriptions = topics
    .filter(({ subscribers }) => subscribers.includes(broker.name))
    .map(({ filter }) => ({ filter, qos: MAX_EVENT_QOS }));
  const { clientId } = broker.options;
  return {
    clientId: clientId === undefined ? undefined : `${clientId}_events`,
    subscriptions: minimalSubscriptions(subscriptions, broker.maxQos),
    sessionExpiry: config.events.session,
    echo: broker.eventEcho !== false,
    isTree: config.events.tree,
  };
}

function eventFilter(topic: TopicConfig, names: readonly string[]): EventFilter {
  const { filter, mode, retain, qos, eventExpiry } = topic;
  return {
    filter,
    ...(mode === undefined ? {} : { mode }),
    ...(retain === undefined ? {} : { retain }),
    ...(qos === undefined ? {} : { qos }),
    ...(eventExpiry === undefined
      ? {}
      : { expiry: eventExpiry === 0 ? Number.POSITIVE_INFINITY : eventExpiry * 1000 }),
    subscribe: setOf(topic.subscribers, names),
    publish: setOf(topic.publishers, names),
  };
}

function filterSettings(topic: TopicConfig, names: readonly string[]): FilterSettings {
  return {
    filter: topic.filter,
    ...(topic.mode === undefined ? {} : { mode: topic.mode }),
    ...(topic.retain === undefined ? {} : { retain: topic.retain }),
    ...(topic.repeat === undefined ? {} : { repeat: topic.repeat }),
    ...(topic.qos === undefined ? {} : { qos: topic.qos }),
    ...(topic.ttl === undefined ? {} : { ttl: topic.ttl * 1000 }),
    ...(topic.merge === undefined ? {} : { merge: topic.merge }),
    subscribe: setOf(topic.subscribers, names),
    publish: setOf(topic.publishers, names),
  };
}

function exclusionSettings({ filters, brokers }: ExcludeConfig, names: readonly string[]): FilterSettings[] {
  const exclude = setOf(brokers, names);
  return filters.map(filter => ({ filter, subscribe: 0, publish: ALL_BROKERS, exclude }));
}

function setOf(members: readonly string[], names: readonly string[]): BrokerSet {
  return names.reduce((set, name, index) => (members.includes(name) ? set | (1 << index) : set), 0);
}

/**
 * The rank decides which broker wins at first contact if nothing else does: the larger rank. It follows the priority,
 * then the name: the name that sorts first has the larger rank.
 */
export function rankOf(broker: BrokerConfig, brokers: readonly BrokerConfig[]): number {
  const names = brokers.map(({ name }) => name).sort();
  return broker.priority * RANKS_PER_PRIORITY + names.length - 1 - names.indexOf(broker.name);
}
