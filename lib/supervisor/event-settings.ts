/** The settings of the event actor and of the brokers' event connections, made from the configuration. */

import type { BrokerConfig, Config, TopicConfig } from '../config/config.ts';
import { covers } from '../core/filter.ts';
import { DEFAULT_QOS, type QoS } from '../core/policy.ts';
import { minimalSubscriptions, type Subscription } from '../core/subscriptions.ts';
import { type ModeFilter, type TopicMode, TopicModes } from '../core/topic-modes.ts';
import { MAX_EVENT_QOS } from '../protocol/event-messages.ts';
import type { EventFilter, EventLinkSettings, EventSettings } from '../protocol/event-settings.ts';
import type { Mode } from '../protocol/settings.ts';
import { setOf } from './broker-sets.ts';

/** Whether events are delivered at all. A dry run takes in none: the brokers would keep a session for it. */
export function hasEvents(config: Config, mode: Mode): boolean {
  return mode !== 'dry-run' && config.topics.some(topic => topic.mode === 'event');
}

/** The filters that set a mode; undefined if there are no event topics. */
export function modesOf(config: Config): readonly ModeFilter[] | undefined {
  const set = config.topics.flatMap(({ filter, mode }) => (mode === undefined ? [] : [{ filter, mode }]));
  return set.some(({ mode }) => mode === 'event') ? set : undefined;
}

/**
 * The filters of one mode that are subscribed at a broker. A filter with NOSUB only carries settings: its topics are subscribed by a
 * broader filter. If that one has the other mode, the narrow filter is subscribed in its place.
 */
export function subscribedTopics(
  { name }: Pick<BrokerConfig, 'name'>,
  config: Config,
  mode: TopicMode,
): readonly TopicConfig[] {
  const modes = new TopicModes(modesOf(config) ?? []);
  const isSubscribed = (topic: TopicConfig) => topic.subscribers.includes(name);
  return config.topics.filter(topic => {
    if (modes.ofFilter(topic.filter) !== mode) return false;
    if (isSubscribed(topic)) return true;
    return (
      topic.mode !== undefined &&
      topic.subscribers.length === 0 &&
      config.topics.some(
        other =>
          isSubscribed(other) && covers(other.filter, topic.filter) && modes.ofFilter(other.filter) !== mode,
      )
    );
  });
}

/** Undefined if the broker has no part in event topics. */
export function eventLinkSettings(
  broker: BrokerConfig,
  config: Config,
  clientId: string | undefined,
): EventLinkSettings | undefined {
  const subscriptions = eventSubscriptions(broker, config);
  const isPublished = config.topics.some(
    ({ mode, publishers }) => mode === 'event' && publishers.includes(broker.name),
  );
  if (subscriptions.length === 0 && !isPublished) return undefined;
  return {
    clientId: clientId === undefined ? undefined : `${clientId}_events`,
    subscriptions,
    sessionExpiry: config.events.session,
    echo: broker.eventEcho ?? true,
    isTree: config.events.isTree,
  };
}

function eventSubscriptions(broker: BrokerConfig, config: Config): Subscription[] {
  const subscriptions = subscribedTopics(broker, config, 'event').map(({ filter }) => ({
    filter,
    qos: qosOf(filter, config),
  }));
  return minimalSubscriptions(subscriptions, Math.min(broker.maxQos, MAX_EVENT_QOS) as QoS);
}

/** Of the most specific filter that covers the filter and sets a QoS. */
function qosOf(filter: string, { topics }: Config): QoS {
  const covering = topics.filter(topic => topic.qos !== undefined && covers(topic.filter, filter));
  const narrowest = covering.find(topic => covering.every(other => covers(other.filter, topic.filter)));
  return narrowest?.qos ?? DEFAULT_QOS;
}

/** @param names of the brokers by index, including removed ones */
export function eventSettings(config: Config, names: readonly string[]): EventSettings {
  const { bytes, full, sync, hops } = config.events;
  const subscribed = config.brokers.map(broker => [broker.name, eventSubscriptions(broker, config)] as const);
  return {
    filters: config.topics.map(topic => eventFilter(topic, names, subscribed)),
    store: config.store,
    controlPrefix: config.controlTopic,
    bounds: config.bounds,
    queue: { bytes, full, sync },
    hops,
  };
}

/** @param subscribed the event subscriptions of each broker */
function eventFilter(
  topic: TopicConfig,
  names: readonly string[],
  subscribed: readonly (readonly [name: string, subscriptions: readonly Subscription[]])[],
): EventFilter {
  const { filter, mode, retain, qos, eventExpiry: expiry } = topic;
  const subscribers = subscribed
    .filter(([, subscriptions]) => subscriptions.some(one => covers(one.filter, filter)))
    .map(([name]) => name);
  return {
    filter,
    ...(mode === undefined ? {} : { mode }),
    ...(retain === undefined ? {} : { retain }),
    ...(qos === undefined ? {} : { qos }),
    ...(expiry === undefined ? {} : { expiry: expiry === 0 ? Number.POSITIVE_INFINITY : expiry * 1_000 }),
    subscribe: setOf(subscribers, names),
    publish: setOf(topic.publishers, names),
  };
}
