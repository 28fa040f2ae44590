/**
 * The topics: `MQTTREP_TOPIC_{id}` with the settings of the same id, which brokers each may be subscribed
 * at and published to, and what can be wrong between two of them.
 */

import { filterFault, isReplicable } from '../core/filter.ts';
import type { QoS } from '../core/policy.ts';
import type { TopicConfig } from './config.ts';
import type { Entry, Environment } from './environment.ts';
import { readMerge } from './merge.ts';
import { nearest } from './nearest.ts';
import { byName, type Parsed, type Problems, show } from './problems.ts';
import { judgeSameFilters, type TopicSettings } from './same-filter.ts';
import { parseBoolean, parseBrokerNames, parseQos, parseTtl } from './values.ts';
import { RESERVED_TOPIC_ID, type TopicKey, topicVariableName } from './variables.ts';

/** Bytes; the length of a string is two bytes in MQTT. */
const LONGEST_FILTER = 65_535;

type TopicEntries = ReadonlyMap<TopicKey, Entry>;

/** Reads all topics that are all right, sorted by id. `brokers`: the names of all brokers, sorted. */
export function readTopics(
  environment: Environment,
  brokers: readonly string[],
  controlTopic: string,
  problems: Problems,
): readonly TopicConfig[] {
  const all = [...environment.topics].sort(([a], [b]) => byName(a, b));
  const ids = all.filter(([, entries]) => entries.has('TOPIC')).map(([id]) => id);
  const settings: TopicSettings[] = [];
  for (const [id, entries] of all) {
    const filter = readFilter(id, entries.get('TOPIC'), controlTopic, problems);
    const rest = readSettings(entries, brokers, problems);
    if (filter !== undefined) settings.push({ id, filter, ...rest });
    if (!entries.has('TOPIC')) blameOrphans(id, entries, ids, problems);
  }
  judgeSameFilters(settings, problems);
  const topics = settings.map(s => topicOf(s, brokers));
  judgeSubscriptions(ids, topics, brokers, problems);
  return topics;
}

function readFilter(
  id: string,
  entry: Entry | undefined,
  controlTopic: string,
  problems: Problems,
): string | undefined {
  if (entry === undefined) return undefined;
  const { variable, value: filter } = entry;
  if (id === RESERVED_TOPIC_ID) {
    problems.error(variable, { problem: `no topic can have the id ${id}`, fix: 'give it another id' });
    return undefined;
  }
  const accepted = problems.take(variable, parseFilter(filter, controlTopic));
  if (accepted?.endsWith('/')) {
    problems.warn(variable, {
      problem: `${show(filter)} ends with \`/\`, as a filter does whose \`#\` was taken for a comment`,
      fix: `if \`#\` was meant, quote the value in the .env file: ${variable}="${filter}#"`,
    });
  }
  return accepted;
}

function parseFilter(filter: string, controlTopic: string): Parsed<string> {
  const fault = filterFault(filter);
  if (filter === '') {
    return { problem: 'it is empty', fix: 'write a topic filter; in an .env file `#` must be quoted: "#"' };
  }
  if (fault !== undefined) {
    return {
      problem: `${show(filter)} is no topic filter: ${fault}`,
      fix: 'write it as MQTT has it, such as canards/+/name or canards/#',
    };
  }
  if (Buffer.byteLength(filter) > LONGEST_FILTER) {
    return { problem: `the filter is longer than ${LONGEST_FILTER} bytes`, fix: 'write a shorter one' };
  }
  if (filter.startsWith('$share/')) {
    return {
      problem: `${show(filter)} is a shared subscription, of which mqttrep would see but a share`,
      fix: `write the filter alone: ${filter.split('/').slice(2).join('/')}`,
    };
  }
  if (!isReplicable(filter, controlTopic)) {
    return {
      problem: `${show(filter)} is never replicated, as all that begins with \`$\`, \`ActiveMQ/\` or \`${controlTopic}/\``,
      fix: 'write another filter, or remove it',
    };
  }
  return { value: filter };
}

function readSettings(
  entries: TopicEntries,
  brokers: readonly string[],
  problems: Problems,
): Omit<TopicSettings, 'id' | 'filter'> {
  const read = <T>(key: TopicKey, parse: (text: string) => Parsed<T>): T | undefined => {
    const entry = entries.get(key);
    return entry && problems.take(entry.variable, parse(entry.value));
  };
  const names = (text: string) => parseBrokerNames(text, brokers);
  const merge = entries.get('MERGE');
  return {
    retain: read('RETAIN', parseBoolean),
    repeat: read('REPEAT', parseBoolean),
    qos: read<QoS>('QOS', parseQos),
    ttl: read('TTL', parseTtl),
    nosub: read('NOSUB', parseBoolean),
    merge: merge && readMerge(merge, problems),
    subscribeWhitelist: read('SUBSCRIBE_WHITELIST', names),
    subscribeBlacklist: read('SUBSCRIBE_BLACKLIST', names),
    publishWhitelist: read('PUBLISH_WHITELIST', names),
    publishBlacklist: read('PUBLISH_BLACKLIST', names),
  };
}

function topicOf(settings: TopicSettings, brokers: readonly string[]): TopicConfig {
  const { id, filter, retain, repeat, qos, ttl, merge, nosub } = settings;
  const listed = (whitelist?: readonly string[], blacklist?: readonly string[]) =>
    brokers.filter(name => (whitelist?.includes(name) ?? true) && !blacklist?.includes(name));
  return {
    id,
    filter,
    ...(retain !== undefined && { retain }),
    ...(repeat !== undefined && { repeat }),
    ...(qos !== undefined && { qos }),
    ...(ttl !== undefined && { ttl }),
    ...(merge !== undefined && { merge }),
    subscribers: nosub ? [] : listed(settings.subscribeWhitelist, settings.subscribeBlacklist),
    publishers: listed(settings.publishWhitelist, settings.publishBlacklist),
  };
}

function blameOrphans(id: string, entries: TopicEntries, ids: readonly string[], problems: Problems): void {
  const topic = topicVariableName('TOPIC', id);
  const meant = nearest(id, ids);
  for (const [key, { variable }] of entries) {
    const hint = meant === undefined ? '' : `; did you mean ${topicVariableName(key, meant)}?`;
    problems.error(variable, {
      problem: `there is no ${topic} that it could belong to`,
      fix: `set ${topic}, or remove this one${hint}`,
    });
  }
}

function judgeSubscriptions(
  ids: readonly string[],
  topics: readonly TopicConfig[],
  brokers: readonly string[],
  problems: Problems,
): void {
  if (ids.length === 0) {
    problems.error(topicVariableName('TOPIC', '{id}'), {
      problem: 'no topic is configured',
      fix: 'set one such variable for each topic filter, such as MQTTREP_TOPIC_ducks="canards/#"',
    });
    return;
  }
  const complete = topics.length === ids.length && brokers.length > 0;
  if (complete && topics.every(topic => topic.subscribers.length === 0)) {
    problems.error(topicVariableName('TOPIC', '{id}'), {
      problem: 'no broker subscribes to any topic, so there is nothing to replicate',
      fix: 'check NOSUB, SUBSCRIBE_WHITELIST and SUBSCRIBE_BLACKLIST: one topic at least must be subscribed',
    });
  }
}
