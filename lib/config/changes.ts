/**
 * What another configuration changes, for people and for who applies it: brokers and topics that come and go,
 * settings that can be changed while mqttrep runs, and those that cannot. Secrets are masked.
 */

import { isDeepStrictEqual } from 'node:util';
import { formatMergeChain } from '../core/merge-chain.ts';
import type { BrokerConfig, Config, TopicConfig } from './config.ts';
import { deletionBoundText, describeBroker } from './effective.ts';
import { maskUrl } from './mask.ts';

export interface ConfigChanges {
  /** What holds from now on: the other configuration, and what cannot be changed as it was. */
  readonly config: Config;
  /** What changes, a line each. */
  readonly applied: readonly string[];
  /** What would take a restart, a line each. */
  readonly left: readonly string[];
}

/** Can be changed while mqttrep runs. */
type Changeable = 'brokers' | 'topics' | 'mergeFrequency' | 'scanPeriod' | 'maxDrift' | 'deletionGuard';

/** What takes a restart, and by which variable it is set. Values are not shown: some are secrets. */
const FIXED: { readonly [Key in Exclude<keyof Config, Changeable>]: string } = {
  store: 'MQTTREP_STORE',
  controlTopic: 'MQTTREP_CONTROL_TOPIC',
  stateTopics: 'MQTTREP_STATE_TOPICS',
  bounds:
    'MQTTREP_MAX_PAYLOAD, MQTTREP_MAX_TOPICS, MQTTREP_MAX_MEMORY, MQTTREP_MAX_TOPIC_LENGTH or MQTTREP_MAX_LEVELS',
  http: 'MQTTREP_HTTP',
  log: 'MQTTREP_LOG_FORMAT',
};

const UNSET = 'unset';

/** Compares the configuration that holds with another one. */
export function changesBetween(before: Config, after: Config): ConfigChanges {
  const { brokers, topics, mergeFrequency, scanPeriod, maxDrift, deletionGuard } = after;
  const log = { ...before.log, level: after.log.level };
  const fixed = Object.keys(FIXED) as (keyof typeof FIXED)[];
  const left = fixed.filter(key => {
    const wanted = key === 'log' ? { ...after.log, level: before.log.level } : after[key];
    return !isDeepStrictEqual(wanted, before[key]);
  });
  return {
    config: { ...before, brokers, topics, mergeFrequency, scanPeriod, maxDrift, deletionGuard, log },
    applied: [
      ...brokerChanges(before, after),
      ...topicChanges(before, after),
      ...change('merge frequency', `${before.mergeFrequency} Hz`, `${mergeFrequency} Hz`),
      ...change('scan period', seconds(before.scanPeriod), seconds(scanPeriod)),
      ...change('greatest drift', seconds(before.maxDrift), seconds(maxDrift)),
      ...change('held deletions', guardText(before), guardText(after)),
      ...change('log level', before.log.level, log.level),
    ],
    left: left.map(key => `${FIXED[key]} takes effect at the next start only`),
  };
}

/** Brokers or topics, by name or id. */
interface Listed<T> {
  readonly what: 'broker' | 'topic';
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
    introduce: ({ url }) => maskUrl(url),
    compare: compareBrokers,
  });
}

function compareBrokers(before: BrokerConfig, after: BrokerConfig): string[] {
  const [old, now] = [describeBroker(before), describeBroker(after)];
  const names = [...new Set([...Object.keys(before.options), ...Object.keys(after.options)])].sort();
  return [
    ...change('url', before.url, after.url, maskUrl),
    ...change('highest QoS', before.maxQos, after.maxQos),
    ...change('priority', before.priority, after.priority),
    ...change('most levels of a topic', before.maxLevels ?? UNSET, after.maxLevels ?? UNSET),
    ...change('longest topic', before.maxTopicLength ?? UNSET, after.maxTopicLength ?? UNSET),
    ...change('client id', old.clientId ?? 'random', now.clientId ?? 'random'),
    ...names
      .filter(name => name !== 'clientId' && !isDeepStrictEqual(before.options[name], after.options[name]))
      .map(name => `${name} ${old.options[name] ?? UNSET} → ${now.options[name] ?? UNSET}`),
  ];
}

function topicChanges(before: Config, after: Config): string[] {
  // Brokers that come or go are told of by themselves.
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

function compareTopics(before: TopicConfig, after: TopicConfig, common: readonly string[]): string[] {
  const named = (names: readonly string[]) => common.filter(name => names.includes(name)).join(' ') || 'none';
  const chain = ({ merge }: TopicConfig) => (merge === undefined ? UNSET : formatMergeChain(merge));
  return [
    ...change('filter', before.filter, after.filter),
    ...change('retain', before.retain ?? UNSET, after.retain ?? UNSET),
    ...change('repeat', before.repeat ?? UNSET, after.repeat ?? UNSET),
    ...change('QoS', before.qos ?? UNSET, after.qos ?? UNSET),
    ...change('TTL', before.ttl ?? UNSET, after.ttl ?? UNSET),
    ...change('merge', chain(before), chain(after)),
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

function guardText({ deletionGuard }: Config): string {
  return Number.isFinite(deletionGuard.topics) ? deletionBoundText(deletionGuard) : 'never';
}

function seconds(number: number): string {
  return number === Number.POSITIVE_INFINITY ? 'never' : `${number} s`;
}
