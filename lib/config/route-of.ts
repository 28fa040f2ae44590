/** Where a topic goes, under which names and with which settings, and which variable decided each. */

import { bySpecificity, isReplicable, matches } from '../core/filter.ts';
import { DEFAULT_QOS, type QoS } from '../core/policy.ts';
import { CONTROL_PREFIX } from '../protocol/control-topics.ts';
import type { BrokerRoute, DecidedSetting, Decision, TopicRoute } from '../protocol/topic-route.ts';
import { NameMap } from '../routes/name-map.ts';
import type { BrokerConfig, Config, TopicConfig } from './config.ts';
import { PROCESS_SETTINGS } from './process-settings.ts';
import { ROUTE_SETTINGS } from './route-settings.ts';
import { namesAt } from './routes.ts';
import { plain, type Setting } from './setting.ts';
import { TOPIC_SETTINGS } from './topic-settings.ts';
import { parseBrokerNames } from './values.ts';
import { variableName } from './variables.ts';

const { filter: FILTER, nosub: _nosub, ...REST } = TOPIC_SETTINGS;
const LISTS = new Set(['subscribeWhitelist', 'subscribeBlacklist', 'publishWhitelist', 'publishBlacklist']);

/** By the mode of the topic. */
const WITHOUT_EFFECT: Readonly<Record<'state' | 'event', ReadonlySet<string>>> = {
  state: new Set(['eventExpiry']),
  event: new Set(['ttl', 'merge', 'repeat']),
};

const EXCLUDED = 'it is excluded';

export type Variables = Readonly<Record<string, string | undefined>>;

/** From which a configuration was read. */
export interface ReadVariables {
  readonly variables: Variables;
  /** The name of the variable, or the place in mqttrep.yaml that says the same. */
  readonly sourceOf: (variable: string) => string;
}

/**
 * @param name the canonical name; with `from` the name at that broker
 * @param read from which the configuration was read
 */
export function routeOf(
  name: string,
  from: string | undefined,
  config: Config,
  { variables, sourceOf }: ReadVariables,
): TopicRoute {
  return withSources(routeByVariables(name, from, config, variables), sourceOf);
}

function withSources(
  { refused, settings, brokers, ...rest }: TopicRoute,
  sourceOf: ReadVariables['sourceOf'],
): TopicRoute {
  const source = (variable: string | null) => (variable === null ? null : sourceOf(variable));
  const decided = <T extends { readonly decidedBy: string | null }>(decision: T): T => ({
    ...decision,
    decidedBy: source(decision.decidedBy),
  });
  return {
    ...rest,
    refused: refused && decided(refused),
    settings: settings.map(decided),
    brokers: brokers.map(({ namedBy, receives, publishes, ...broker }) => ({
      ...broker,
      namedBy: source(namedBy),
      receives: typeof receives === 'string' ? sourceOf(receives) : decided(receives),
      publishes: 'qos' in publishes ? publishes : decided(publishes),
    })),
  };
}

function routeByVariables(
  name: string,
  from: string | undefined,
  config: Config,
  variables: Variables,
): TopicRoute {
  const topic = from === undefined ? name : canonicalOf(name, from, config);
  if (topic === undefined) {
    const reason = `no replicated topic has this name at ${from}`;
    return { topic: null, refused: { reason, decidedBy: null }, settings: [], brokers: [] };
  }
  const matching = config.topics
    .filter(({ filter }) => matches(filter, topic))
    .toSorted((a, b) => bySpecificity(a.filter, b.filter));
  const refused = refusalOf(topic, matching, config);
  if (refused !== undefined) return { topic, refused, settings: [], brokers: [] };
  const brokers = config.brokers.map(broker => brokerRoute(topic, broker, matching, config, variables));
  return { topic, refused: exclusionOf(brokers), settings: settingsOf(matching), brokers };
}

function canonicalOf(name: string, broker: string, config: Config): string | undefined {
  const names = namesAt(broker, config);
  return names === undefined ? name : new NameMap(names).toCanonical(name);
}

function refusalOf(topic: string, matching: readonly TopicConfig[], config: Config): Decision | undefined {
  const { bounds, controlTopic } = config;
  if (!isReplicable(topic, controlTopic ?? CONTROL_PREFIX)) {
    return { reason: 'topics of brokers and of mqttrep itself are never replicated', decidedBy: null };
  }
  if (matching.length === 0) return { reason: 'no topic filter matches it', decidedBy: null };
  if (Buffer.byteLength(topic) > bounds.topicLength) {
    return { reason: 'its name is too long', decidedBy: variableName(PROCESS_SETTINGS.bounds.topicLength) };
  }
  if (topic.split('/').length > bounds.levels) {
    return { reason: 'it has too many levels', decidedBy: variableName(PROCESS_SETTINGS.bounds.levels) };
  }
  return undefined;
}

/** Null unless the topic is excluded at each broker. */
function exclusionOf(brokers: readonly BrokerRoute[]): Decision | null {
  const exclusions = brokers.map(({ receives }) =>
    typeof receives === 'object' && receives.reason === EXCLUDED ? receives.decidedBy : null,
  );
  const [first = null] = exclusions;
  return exclusions.includes(null) ? null : { reason: 'it is excluded at every broker', decidedBy: first };
}

/** Of each setting that has a meaning for the topic, the value of the most specific filter that sets it. */
function settingsOf(matching: readonly TopicConfig[]): DecidedSetting[] {
  const mode = matching.find(topic => topic.mode !== undefined)?.mode ?? 'state';
  return Object.entries(REST)
    .filter(([field]) => !LISTS.has(field) && !WITHOUT_EFFECT[mode].has(field))
    .map(([field, setting]: [string, Setting<unknown, never>]) => {
      const valueIn = (topic: TopicConfig) => (topic as Readonly<Record<string, unknown>>)[field];
      const decider = matching.find(topic => valueIn(topic) !== undefined);
      return decider === undefined
        ? { setting: setting.key, value: unsetValue(setting), decidedBy: null }
        : {
            setting: setting.key,
            value: setting.show(valueIn(decider)),
            decidedBy: variableName(setting, decider.id),
          };
    });
}

/** What holds if no filter sets it. */
function unsetValue(setting: Setting<unknown, never>): string {
  const text = plain(setting.unset ?? setting.default ?? '').replace(/^that of a broader filter, else /, '');
  const parsed = setting.parse(text, undefined as never);
  return 'value' in parsed ? setting.show(parsed.value) : text;
}

function brokerRoute(
  topic: string,
  broker: BrokerConfig,
  matching: readonly TopicConfig[],
  config: Config,
  variables: Variables,
): BrokerRoute {
  const names = namesAt(broker.name, config);
  const map = names && new NameMap(names);
  const rule = map?.ruleOf(topic)?.text;
  const name = map === undefined ? topic : map.toLocal(topic);
  const namedBy =
    rule === undefined
      ? undefined
      : config.maps.find(each => each.rule === rule && each.brokers.includes(broker.name));
  const exclusion = config.exclusions.find(
    ({ filters, brokers }) => brokers.includes(broker.name) && filters.some(filter => matches(filter, topic)),
  );
  const barred: Decision | undefined =
    exclusion !== undefined
      ? { reason: EXCLUDED, decidedBy: variableName(ROUTE_SETTINGS.exclude, exclusion.id) }
      : name === undefined
        ? {
            reason: 'it would have a name that is never replicated',
            decidedBy: namedBy ? variableName(ROUTE_SETTINGS.map, namedBy.id) : null,
          }
        : undefined;
  return {
    broker: broker.name,
    name: name ?? null,
    namedBy: namedBy === undefined ? null : variableName(ROUTE_SETTINGS.map, namedBy.id),
    receives: barred ?? receives(broker, matching, variables),
    publishes: barred ?? publishes(name ?? topic, broker, matching, variables),
  };
}

function receives(
  { name }: BrokerConfig,
  matching: readonly TopicConfig[],
  variables: Variables,
): string | Decision {
  const subscribed = matching.findLast(({ subscribers }) => subscribers.includes(name));
  if (subscribed !== undefined) return variableName(FILTER, subscribed.id);
  const [narrowest] = matching;
  const id = narrowest?.id ?? '';
  const isNosub =
    variables[variableName(TOPIC_SETTINGS.nosub, id)] !== undefined && narrowest?.subscribers.length === 0;
  return {
    reason: 'no filter that matches it is subscribed there',
    decidedBy: isNosub
      ? variableName(TOPIC_SETTINGS.nosub, id)
      : deciding([TOPIC_SETTINGS.subscribeBlacklist, TOPIC_SETTINGS.subscribeWhitelist], id, name, variables),
  };
}

function publishes(
  local: string,
  broker: BrokerConfig,
  matching: readonly TopicConfig[],
  variables: Variables,
): { readonly qos: QoS } | Decision {
  const forbidding = matching.find(({ publishers }) => !publishers.includes(broker.name));
  if (forbidding !== undefined) {
    const lists = [TOPIC_SETTINGS.publishBlacklist, TOPIC_SETTINGS.publishWhitelist];
    return {
      reason: 'the broker is not permitted',
      decidedBy: deciding(lists, forbidding.id, broker.name, variables),
    };
  }
  if (local.split('/').length > (broker.maxLevels ?? Number.POSITIVE_INFINITY)) {
    return { reason: 'its name has more levels than maxLevels of the broker', decidedBy: null };
  }
  if (Buffer.byteLength(local) > (broker.maxTopicLength ?? Number.POSITIVE_INFINITY)) {
    return { reason: 'its name is longer than maxTopicLength of the broker', decidedBy: null };
  }
  const qos = matching.find(each => each.qos !== undefined)?.qos ?? DEFAULT_QOS;
  return { qos: Math.min(qos, broker.maxQos) as QoS };
}

/** The list that leaves the broker out: a blacklist with its name, else the whitelist without it. */
function deciding(
  [blacklist, whitelist]: readonly { readonly key: string }[],
  id: string,
  broker: string,
  variables: Variables,
): string | null {
  if (blacklist === undefined || whitelist === undefined) return null;
  const text = variables[variableName(blacklist, id)] ?? '';
  const parsed = parseBrokerNames(text, [broker, ...text.split(',').map(name => name.trim())]);
  if ('value' in parsed && parsed.value.includes(broker)) return variableName(blacklist, id);
  return variables[variableName(whitelist, id)] === undefined ? null : variableName(whitelist, id);
}
