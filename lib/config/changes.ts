/**
 * What another configuration changes: brokers and topics that come and go, settings that SIGHUP applies, and settings
 * that need a restart. The lines are for people; secrets are masked.
 */

import { isDeepStrictEqual } from 'node:util';
import type { BrokerConfig, Config, TopicConfig } from './config.ts';
import { describeBroker } from './effective.ts';
import { HTTP_SETTINGS } from './http-settings.ts';
import { PROCESS_SETTINGS } from './process-settings.ts';
import { mapSettings, settingsIn, valueAt } from './setting.ts';
import { shownSettings } from './topic-settings.ts';
import { variableName } from './variables.ts';

export interface ConfigChanges {
  /** The configuration from now on: the other one, with the old values of settings that need a restart. */
  readonly config: Config;
  /** What changes, a line each. */
  readonly applied: readonly string[];
  /** What changes at the next start only, a line each. */
  readonly left: readonly string[];
}

const UNSET = 'unset';

/** Compares the configuration that holds with another one. */
export function changesBetween(before: Config, after: Config): ConfigChanges {
  const { brokers, topics, maps, exclusions } = after;
  const applied: string[] = [];
  const left: string[] = [];
  const process = mapSettings(PROCESS_SETTINGS, (setting, path) => {
    const [old, now] = [valueAt(before, path), valueAt(after, path)];
    if (isDeepStrictEqual(old, now)) return old;
    const variable = variableName(setting);
    if (setting.reload === 'restart') {
      left.push(atNextStart(variable));
      return old;
    }
    applied.push(`${variable} ${setting.show(old)} → ${setting.show(now)}`);
    return now;
  });
  if (!isDeepStrictEqual(before.http, after.http)) {
    left.push(
      atNextStart(
        settingsIn(HTTP_SETTINGS)
          .map(setting => variableName(setting))
          .join(' or '),
      ),
    );
  }
  return {
    config: { ...before, ...process, store: before.store, brokers, topics, maps, exclusions },
    applied: [
      ...brokerChanges(before, after),
      ...topicChanges(before, after),
      ...routeChanges(before, after),
      ...applied,
    ],
    left,
  };
}

/** The value is not shown: it may be a secret. */
function atNextStart(variable: string): string {
  return `a change of ${variable} takes effect only at the next start`;
}

/** Brokers, topics, rules or exclusions, by name or id. */
interface Listed<T> {
  readonly what: 'broker' | 'topic' | 'mapping rule' | 'exclusion';
  readonly before: ReadonlyMap<string, T>;
  readonly after: ReadonlyMap<string, T>;
  readonly introduce: (added: T) => string;
  readonly compare: (before: T, after: T) => readonly string[];
}

function listChanges<T>({ what, before, after, introduce, compare }: Listed<T>): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap(name => {
    const old = before.get(name);
    const now = after.get(name);
    if (now === undefined) return [`${what} ${name} is removed`];
    if (old === undefined) return [`${what} ${name} is added: ${introduce(now)}`];
    const changed = compare(old, now);
    return changed.length === 0 ? [] : [`${what} ${name} is changed: ${changed.join(', ')}`];
  });
}

function brokerChanges(before: Config, after: Config): string[] {
  return listChanges({
    what: 'broker',
    before: new Map(before.brokers.map(broker => [broker.name, broker])),
    after: new Map(after.brokers.map(broker => [broker.name, broker])),
    introduce: broker => describeBroker(broker).url,
    compare: compareBrokers,
  });
}

function compareBrokers(before: BrokerConfig, after: BrokerConfig): string[] {
  const [old, now] = [describeBroker(before), describeBroker(after)];
  const names = [...new Set([...Object.keys(before.options), ...Object.keys(after.options)])].sort();
  return [
    ...urlChange(before, after),
    ...change('maxQos', before.maxQos, after.maxQos),
    ...change('priority', before.priority, after.priority),
    ...change('maxLevels', before.maxLevels ?? UNSET, after.maxLevels ?? UNSET),
    ...change('maxTopicLength', before.maxTopicLength ?? UNSET, after.maxTopicLength ?? UNSET),
    ...change('returnAfter', before.returnAfter ?? UNSET, after.returnAfter ?? UNSET),
    ...change('eventEcho', before.eventEcho ?? true, after.eventEcho ?? true),
    ...change('clientId', old.clientId ?? 'random', now.clientId ?? 'random'),
    ...names
      .filter(name => name !== 'clientId' && !isDeepStrictEqual(before.options[name], after.options[name]))
      .map(name => `${name} ${old.options[name] ?? UNSET} → ${now.options[name] ?? UNSET}`),
  ];
}

/** Two urls can differ only in what is masked. */
function urlChange(before: BrokerConfig, after: BrokerConfig): string[] {
  const urlsOf = ({ url, otherUrls = [] }: BrokerConfig) => [url, ...otherUrls].join(' ');
  if (urlsOf(before) === urlsOf(after)) return [];
  return [`url ${describeBroker(before).url} → ${describeBroker(after).url}`];
}

function topicChanges(before: Config, after: Config): string[] {
  // A line of its own tells that a broker comes or goes; the topics need not say it again.
  const names = new Set(after.brokers.map(({ name }) => name));
  const common = before.brokers.map(({ name }) => name).filter(name => names.has(name));
  return listChanges({
    what: 'topic',
    before: new Map(before.topics.map(topic => [topic.id, topic])),
    after: new Map(after.topics.map(topic => [topic.id, topic])),
    introduce: ({ filter }) => filter,
    compare: (old, now) => compareTopics(old, now, common),
  });
}

function routeChanges(before: Config, after: Config): string[] {
  const brokers = (of: { readonly brokers: readonly string[] }) => of.brokers.join(' ');
  const byId = <T extends { readonly id: string }>(all: readonly T[]) =>
    new Map(all.map(each => [each.id, each]));
  return [
    ...listChanges({
      what: 'mapping rule',
      before: byId(before.maps),
      after: byId(after.maps),
      introduce: ({ rule }) => rule,
      compare: (old, now) => [
        ...change('rule', old.rule, now.rule),
        ...change('at', brokers(old), brokers(now)),
      ],
    }),
    ...listChanges({
      what: 'exclusion',
      before: byId(before.exclusions),
      after: byId(after.exclusions),
      introduce: ({ filters }) => filters.join(','),
      compare: (old, now) => [
        ...change('filters', old.filters.join(','), now.filters.join(',')),
        ...change('at', brokers(old), brokers(now)),
      ],
    }),
  ];
}

function compareTopics(before: TopicConfig, after: TopicConfig, common: readonly string[]): string[] {
  const named = (names: readonly string[]) => common.filter(name => names.includes(name)).join(' ') || 'none';
  const [old, now] = [shownSettings(before), shownSettings(after)];
  return [
    ...change('filter', before.filter, after.filter),
    ...[...new Set([...old.keys(), ...now.keys()])].flatMap(key =>
      change(key, old.get(key) ?? UNSET, now.get(key) ?? UNSET),
    ),
    ...change('subscribed at', named(before.subscribers), named(after.subscribers)),
    ...change('published to', named(before.publishers), named(after.publishers)),
  ];
}

function change<T>(
  what: string,
  before: T,
  after: T,
  show: (value: T) => unknown = value => value,
): string[] {
  return before === after ? [] : [`${what} ${show(before)} → ${show(after)}`];
}
