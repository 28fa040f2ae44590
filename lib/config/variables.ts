/**
 * The environment variables that mqttrep knows, and what a variable's name says: of the whole process, of
 * one broker by its name, or of one topic by its id.
 *
 * A new variable is a new line in one of the three lists; unknown names and near misses follow from them.
 */

import { slipsBetween } from './nearest.ts';

export const PREFIX = 'MQTTREP_';

/** `MQTTREP_{key}` */
export const PROCESS_KEYS = [
  'MERGE_FREQUENCY',
  'STORE',
  'CONTROL_TOPIC',
  'STATE_TOPICS',
  'SCAN_PERIOD',
  'MAX_DRIFT',
  'DELETION_GUARD',
  'HTTP',
  'HTTP_TOKEN',
  'HTTP_TOKEN_FILE',
  'HTTP_PAYLOADS',
  'MAX_PAYLOAD',
  'MAX_TOPICS',
  'MAX_MEMORY',
  'MAX_TOPIC_LENGTH',
  'MAX_LEVELS',
  'LOG_LEVEL',
  'LOG_FORMAT',
] as const;
export type ProcessKey = (typeof PROCESS_KEYS)[number];

/** `MQTTREP_{key}_{name}` */
export const BROKER_KEYS = ['CLIENT', 'CONFIG'] as const;
export type BrokerKey = (typeof BROKER_KEYS)[number] | 'CONFIG_FILE';

/** `MQTTREP_{key}_{id}` */
export const TOPIC_KEYS = [
  'TOPIC',
  'TTL',
  'RETAIN',
  'REPEAT',
  'QOS',
  'NOSUB',
  'MERGE',
  'SUBSCRIBE_WHITELIST',
  'SUBSCRIBE_BLACKLIST',
  'PUBLISH_WHITELIST',
  'PUBLISH_BLACKLIST',
] as const;
export type TopicKey = (typeof TOPIC_KEYS)[number];

/** The documentation of the first version spelt it so, and deployments follow it. */
const MISSPELT_BLACKLIST = 'PULISH_BLACKLIST';

/** Where the first version read the merge frequency from, whatever its documentation said. */
export const FIRST_VERSION_FREQUENCY = 'MQTT_REPLICATOR_MERGE_FREQUENCY';

/** `MQTTREP_MERGE_{id}` is to be told from `MQTTREP_MERGE_FREQUENCY`. */
export const RESERVED_TOPIC_ID = 'FREQUENCY';

const FILE_SUFFIX = '_FILE';
const WORD = /^\w+$/;

export type Variable =
  | { readonly of: 'process'; readonly key: ProcessKey }
  | { readonly of: 'broker'; readonly key: BrokerKey; readonly name: string }
  | { readonly of: 'topic'; readonly key: TopicKey; readonly id: string; readonly properName?: string }
  /** The key is known; what follows it is no name or id. */
  | { readonly of: 'nobody'; readonly named: string; readonly pattern: string }
  | { readonly of: 'unknown'; readonly nearest: string | undefined };

/**
 * What the name of a variable says; undefined for one that is not ours.
 *
 * @param brokers the names that have an `MQTTREP_CLIENT_{name}`: they tell the file of broker `A` from the
 * configuration of broker `A_FILE`
 */
export function parseVariable(variable: string, brokers: ReadonlySet<string>): Variable | undefined {
  if (!variable.startsWith(PREFIX)) return undefined;
  const rest = variable.slice(PREFIX.length);
  const processKey = PROCESS_KEYS.find(key => key === rest);
  if (processKey !== undefined) return { of: 'process', key: processKey };
  for (const key of BROKER_KEYS) {
    if (rest.startsWith(`${key}_`)) return brokerVariable(key, rest.slice(key.length + 1), brokers);
  }
  for (const key of TOPIC_KEYS) {
    if (rest.startsWith(`${key}_`)) return topicVariable(key, rest.slice(key.length + 1));
  }
  if (rest.startsWith(`${MISSPELT_BLACKLIST}_`)) {
    const id = rest.slice(MISSPELT_BLACKLIST.length + 1);
    const parsed = topicVariable('PUBLISH_BLACKLIST', id);
    return parsed.of === 'topic' ? { ...parsed, properName: topicVariableName(parsed.key, id) } : parsed;
  }
  return { of: 'unknown', nearest: nearestVariable(rest) };
}

/** `MQTTREP_CLIENT_oslo` */
export function brokerVariableName(key: BrokerKey, name: string): string {
  return key === 'CONFIG_FILE' ? `${PREFIX}CONFIG_${name}${FILE_SUFFIX}` : `${PREFIX}${key}_${name}`;
}

/** `MQTTREP_TOPIC_ducks` */
export function topicVariableName(key: TopicKey, id: string): string {
  return `${PREFIX}${key}_${id}`;
}

function brokerVariable(key: 'CLIENT' | 'CONFIG', name: string, brokers: ReadonlySet<string>): Variable {
  if (!WORD.test(name)) return { of: 'nobody', named: name, pattern: `${PREFIX}${key}_{name}` };
  const bearer = name.slice(0, -FILE_SUFFIX.length);
  if (key === 'CONFIG' && name.endsWith(FILE_SUFFIX) && bearer !== '' && !brokers.has(name)) {
    return { of: 'broker', key: 'CONFIG_FILE', name: bearer };
  }
  return { of: 'broker', key, name };
}

function topicVariable(key: TopicKey, id: string): Variable {
  if (!WORD.test(id)) return { of: 'nobody', named: id, pattern: `${PREFIX}${key}_{id}` };
  return { of: 'topic', key, id };
}

/** The slip may lie in the key alone, so each way to split key from name is tried and the name kept. */
function nearestVariable(rest: string): string | undefined {
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  const consider = (part: string, key: string, whole: string) => {
    const slips = slipsBetween(part, key);
    if (slips === undefined || slips >= fewest) return;
    best = `${PREFIX}${whole}`;
    fewest = slips;
  };
  for (const key of PROCESS_KEYS) consider(rest, key, key);
  const named = [
    ...BROKER_KEYS.map(key => [key, '{name}'] as const),
    ...TOPIC_KEYS.map(key => [key, '{id}'] as const),
  ];
  for (const [key, placeholder] of named) {
    consider(rest, key, `${key}_${placeholder}`);
    for (let end = rest.indexOf('_'); end !== -1; end = rest.indexOf('_', end + 1)) {
      const name = rest.slice(end + 1);
      if (WORD.test(name)) consider(rest.slice(0, end), key, `${key}_${name}`);
    }
  }
  return best;
}
