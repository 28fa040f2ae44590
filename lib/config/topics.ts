/**
 * The topics: `MQTTREP_TOPIC_{id}` with the settings of the same id, at which brokers each is subscribed and to which
 * it may be published, and what can be wrong between two of them.
 */

import type { TopicConfig } from './config.ts';
import type { Entries, Environment } from './environment.ts';
import { checkEventTopics } from './event-topics.ts';
import { rejectOrphans } from './orphans.ts';
import { byName, type Problems } from './problems.ts';
import { checkSameFilters } from './same-filter.ts';
import type { Setting } from './setting.ts';
import { TOPIC_SETTINGS, type TopicContext, type TopicSettings } from './topic-settings.ts';
import { RESERVED_TOPIC_ID, variableName } from './variables.ts';

const { filter: FILTER } = TOPIC_SETTINGS;

export const NO_TOPIC = 'no topic is configured';

/** Reads all topics without an error, sorted by id. */
export function readTopics(
  environment: Environment,
  context: TopicContext,
  problems: Problems,
): readonly TopicConfig[] {
  const all = [...environment.topics].sort(([a], [b]) => byName(a, b));
  const ids = all.filter(([, entries]) => entries.has(FILTER.key)).map(([id]) => id);
  const settings: TopicSettings[] = [];
  for (const [id, entries] of all) {
    const values = readSettings(entries, context, problems);
    if (id === RESERVED_TOPIC_ID) rejectReservedId(entries, problems);
    else if (values.filter !== undefined) settings.push({ id, ...values, filter: values.filter });
    if (!ids.includes(id)) rejectOrphans(FILTER, id, entries, ids, problems);
  }
  checkSameFilters(settings, problems);
  checkEventTopics(settings, problems);
  const topics = settings.map(each => topicOf(each, context.brokers));
  checkSubscriptions(ids, topics, context.brokers, problems);
  return topics;
}

/** `MQTTREP_MERGE_{id}` would be the name of another setting. */
function rejectReservedId(entries: Entries, problems: Problems): void {
  const variable = entries.get(FILTER.key)?.variable;
  if (variable === undefined) return;
  problems.error(variable, {
    problem: `a topic cannot have the id ${RESERVED_TOPIC_ID}`,
    fix: 'give it another id',
  });
}

type Values = Omit<TopicSettings, 'id' | 'filter'> & { readonly filter: string | undefined };

/** Undefined for each setting that is not set, or is wrong. */
function readSettings(entries: Entries, context: TopicContext, problems: Problems): Values {
  const read = (setting: Setting<unknown, TopicContext>) => {
    const entry = entries.get(setting.key);
    return entry && problems.take(entry.variable, setting.parse(entry.value, context))?.value;
  };
  const values = Object.entries(TOPIC_SETTINGS).map(([field, setting]) => [field, read(setting)]);
  return Object.fromEntries(values) as Values;
}

function topicOf(settings: TopicSettings, brokers: readonly string[]): TopicConfig {
  const { nosub, subscribeWhitelist, subscribeBlacklist, publishWhitelist, publishBlacklist, ...rest } =
    settings;
  const listed = (whitelist?: readonly string[], blacklist?: readonly string[]) =>
    brokers.filter(name => (whitelist?.includes(name) ?? true) && !blacklist?.includes(name));
  const set = Object.entries(rest).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(set) as Pick<TopicConfig, keyof typeof rest>),
    subscribers: nosub ? [] : listed(subscribeWhitelist, subscribeBlacklist),
    publishers: listed(publishWhitelist, publishBlacklist),
  };
}

function checkSubscriptions(
  ids: readonly string[],
  topics: readonly TopicConfig[],
  brokers: readonly string[],
  problems: Problems,
): void {
  if (ids.length === 0) {
    problems.error(variableName(FILTER, '{id}'), {
      problem: NO_TOPIC,
      fix: 'set one such variable for each topic filter, such as MQTTREP_TOPIC_ducks="canards/#"',
    });
    return;
  }
  const complete = topics.length === ids.length && brokers.length > 0;
  if (complete && topics.every(topic => topic.subscribers.length === 0)) {
    problems.error(variableName(FILTER, '{id}'), {
      problem: 'no broker subscribes to any topic, so mqttrep has nothing to replicate',
      fix: 'check NOSUB, SUBSCRIBE_WHITELIST and SUBSCRIBE_BLACKLIST: at least one topic must be subscribed',
    });
  }
}
