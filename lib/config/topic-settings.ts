/** The settings of one topic filter: `MQTTREP_{key}_{id}`. */

import { formatMergeChain, type MergeChain } from '../core/merge-chain.ts';
import type { QoS } from '../core/policy.ts';
import type { TopicMode } from '../core/topic-mode.ts';
import { parseMerge } from './merge.ts';
import { BOOLEAN, type Setting, setting, type ValuesOf } from './setting.ts';
import { parseFilter } from './topic-filter.ts';
import {
  parseBoolean,
  parseBrokerNames,
  parseEventExpiry,
  parseQos,
  parseTtl,
  wordParser,
} from './values.ts';

/** What the settings of a topic filter refer to. */
export interface TopicContext {
  /** Names of all brokers, sorted. */
  readonly brokers: readonly string[];
  /** The topic under which mqttrep writes its own messages. */
  readonly controlTopic: string;
}

const NAMES = 'names of brokers, separated by commas';

function brokerNames(
  key: string,
  unset: string,
  help: string,
  empty: Pick<Setting<unknown>, 'keepsEmpty'> = {},
): Setting<readonly string[] | undefined, TopicContext> {
  return setting<readonly string[], TopicContext>({
    key,
    value: NAMES,
    parse: (text, { brokers }) => parseBrokerNames(text, brokers),
    unset,
    help,
    reload: 'applied',
    show: names => names.toSorted().join(','),
    isList: true,
    ...empty,
  });
}

/** An empty whitelist permits no broker. If an empty whitelist counted as unset, it would permit every broker. */
const KEEPS_EMPTY = { keepsEmpty: true } as const;

export const TOPIC_SETTINGS = {
  filter: setting<string, TopicContext>({
    key: 'TOPIC',
    value: 'a topic filter',
    parse: parseFilter,
    isRequired: true,
    help: 'What to replicate; `+` and `#` are the wildcards of MQTT. `{id}` ties the settings below to this filter.',
    reload: 'applied',
    keepsEmpty: true,
  }),
  mode: setting<TopicMode, TopicContext>({
    key: 'MODE',
    value: '`state` or `event`',
    parse: wordParser(['state', 'event'] as const, 'mode of a topic'),
    unset: 'that of a broader filter, else `state`',
    help: 'With `state`, brokers are kept equal and get the newest value. With `event`, every message is delivered, in order; see docs/events.md.',
    reload: 'applied',
  }),
  eventExpiry: setting<number, TopicContext>({
    key: 'EVENT_EXPIRY',
    value: 'seconds from 0.001 to 1000000000, or `0` for never',
    parse: parseEventExpiry,
    unset: '`86400`',
    help: 'An event that could not be delivered for this time is dropped. A shorter message expiry of MQTT 5 wins.',
    reload: 'applied',
    show: seconds => (seconds === 0 ? 'never' : `${seconds} s`),
  }),
  ttl: setting<number, TopicContext>({
    key: 'TTL',
    value: 'seconds from 0.001 to 1000000000, or `0` for ever',
    parse: parseTtl,
    unset: '`0`',
    help: 'If no client writes the topic for this time, its message expires: it is deleted at all brokers.',
    reload: 'applied',
    show: seconds => (seconds === 0 ? 'for ever' : `${seconds} s`),
  }),
  retain: setting<boolean, TopicContext>({
    key: 'RETAIN',
    value: BOOLEAN,
    parse: parseBoolean,
    unset: '`false`',
    help: 'If true, mqttrep publishes every message retained. If false, as it was published.',
    reload: 'applied',
  }),
  repeat: setting<boolean, TopicContext>({
    key: 'REPEAT',
    value: BOOLEAN,
    parse: parseBoolean,
    unset: '`false`',
    help: 'If true, mqttrep also passes on a retained message that equals the one before, the newest at each tick. For readers that expect regular messages, such as `expire_after` of Home Assistant.',
    reload: 'applied',
  }),
  qos: setting<QoS, TopicContext>({
    key: 'QOS',
    value: '`0`, `1` or `2`',
    parse: parseQos,
    unset: '`1`',
    help: 'The QoS with which mqttrep subscribes and publishes.',
    reload: 'applied',
  }),
  nosub: setting<boolean, TopicContext>({
    key: 'NOSUB',
    value: BOOLEAN,
    parse: parseBoolean,
    unset: '`false`',
    help: 'If true, the filter only carries settings and is not subscribed. For a narrow filter inside a broad one.',
    reload: 'applied',
  }),
  merge: setting<MergeChain, TopicContext>({
    key: 'MERGE',
    value: 'a chain of comparators, such as `json:meta.serial,arrival`',
    parse: parseMerge,
    unset: '`arrival`, the last writer wins',
    help: 'How mqttrep chooses the winner of two conflicting writes.',
    reload: 'applied',
    show: formatMergeChain,
    isList: true,
  }),
  subscribeWhitelist: brokerNames(
    'SUBSCRIBE_WHITELIST',
    'all brokers',
    'The brokers at which mqttrep subscribes to the filter.',
    KEEPS_EMPTY,
  ),
  subscribeBlacklist: brokerNames(
    'SUBSCRIBE_BLACKLIST',
    'none',
    'The brokers at which mqttrep does not subscribe to the filter.',
  ),
  publishWhitelist: brokerNames(
    'PUBLISH_WHITELIST',
    'all brokers',
    'The brokers to which mqttrep may publish the topics.',
    KEEPS_EMPTY,
  ),
  publishBlacklist: brokerNames(
    'PUBLISH_BLACKLIST',
    'none',
    'The brokers to which mqttrep must not publish the topics.',
  ),
} as const;

/** What the variables of one id say; undefined for a setting that is not set. */
export type TopicSettings = { readonly id: string } & ValuesOf<typeof TOPIC_SETTINGS>;

/** The values that are set, in words by key, without the filter and the lists of brokers. */
export function shownSettings(
  topic: Readonly<Partial<Record<keyof typeof TOPIC_SETTINGS, unknown>>>,
): Map<string, string> {
  const { filter: _filter, ...settings } = TOPIC_SETTINGS;
  const set = Object.entries(settings).flatMap(([field, setting]: [string, Setting<unknown, never>]) => {
    const value = topic[field as keyof typeof settings];
    return value === undefined ? [] : [[setting.key, setting.show(value)] as const];
  });
  return new Map(set);
}
