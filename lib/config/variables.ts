/**
 * What the name of an environment variable says: which setting it is, and of the whole process, of one broker by its
 * name, or of one topic filter by its id. The settings tables have the names; near misses follow from them.
 */

import { BROKER_SETTINGS } from './broker-settings.ts';
import { HTTP_SETTINGS } from './http-settings.ts';
import { slipsBetween } from './nearest.ts';
import { PROCESS_SETTINGS } from './process-settings.ts';
import { ROUTE_SETTINGS } from './route-settings.ts';
import { type Setting, settingsIn } from './setting.ts';
import { TOPIC_SETTINGS, type TopicContext } from './topic-settings.ts';

export const PREFIX = 'MQTTREP_';

/** The documentation of the first version spells it so, and deployments follow it. */
const MISSPELT_BLACKLIST = 'PULISH_BLACKLIST';

/** The variable from which the first version read the merge frequency, although its documentation named another. */
export const FIRST_VERSION_FREQUENCY = 'MQTT_REPLICATOR_MERGE_FREQUENCY';

/** `MQTTREP_MERGE_{id}` must differ from `MQTTREP_MERGE_FREQUENCY`. */
export const RESERVED_TOPIC_ID = 'FREQUENCY';

const FILE_SUFFIX = '_FILE';
const WORD = /^\w+$/;

/** What every setting has, whatever its parser has to know. */
export type AnySetting = Setting<unknown, never>;

export const OF_PROCESS: readonly AnySetting[] = settingsIn({ ...PROCESS_SETTINGS, http: HTTP_SETTINGS });
export const OF_BROKER: readonly AnySetting[] = settingsIn(BROKER_SETTINGS);
export const OF_TOPIC: readonly AnySetting[] = settingsIn<TopicContext>(TOPIC_SETTINGS);
/** A key that begins with another one stands before it. */
export const OF_ROUTE: readonly AnySetting[] = settingsIn<TopicContext>(ROUTE_SETTINGS);

export type Variable =
  | { readonly of: 'process'; readonly key: string }
  /** `key` ends in `_FILE` if the variable names a file that holds the value. */
  | { readonly of: 'broker'; readonly key: string; readonly name: string }
  | { readonly of: 'topic'; readonly key: string; readonly id: string; readonly properName?: string }
  | { readonly of: 'route'; readonly key: string; readonly id: string }
  /** The key is known, but a name or id cannot be what follows it. */
  | { readonly of: 'nobody'; readonly named: string; readonly pattern: string }
  | { readonly of: 'unknown'; readonly nearest: string | undefined };

/**
 * What the name of a variable says; undefined if the variable is not mqttrep's.
 *
 * @param brokers the names that have an `MQTTREP_CLIENT_{name}`: they tell the file of broker `A` from the
 * configuration of broker `A_FILE`
 */
export function parseVariable(variable: string, brokers: ReadonlySet<string>): Variable | undefined {
  if (!variable.startsWith(PREFIX)) return undefined;
  const rest = variable.slice(PREFIX.length);
  if (processKeys().includes(rest)) return { of: 'process', key: rest };
  for (const setting of OF_BROKER) {
    if (rest.startsWith(`${setting.key}_`)) return brokerVariable(setting, rest, brokers);
  }
  for (const { key } of OF_TOPIC) {
    if (rest.startsWith(`${key}_`)) return topicVariable(key, rest.slice(key.length + 1));
  }
  for (const { key } of OF_ROUTE) {
    if (!rest.startsWith(`${key}_`)) continue;
    const variable = topicVariable(key, rest.slice(key.length + 1));
    return variable.of === 'topic' ? { ...variable, of: 'route' } : variable;
  }
  if (rest.startsWith(`${MISSPELT_BLACKLIST}_`)) {
    const setting = TOPIC_SETTINGS.publishBlacklist;
    const id = rest.slice(MISSPELT_BLACKLIST.length + 1);
    const parsed = topicVariable(setting.key, id);
    return parsed.of === 'topic' ? { ...parsed, properName: variableName(setting, id) } : parsed;
  }
  return { of: 'unknown', nearest: nearestVariable(rest) };
}

/** `MQTTREP_MERGE_FREQUENCY`; with the name of a broker or the id of a topic, `MQTTREP_CLIENT_oslo`. */
export function variableName({ key }: { readonly key: string }, of?: string): string {
  return of === undefined ? `${PREFIX}${key}` : `${PREFIX}${key}_${of}`;
}

/** The name of the variable that names a file with the value. */
export function fileVariableName(setting: { readonly key: string }, of?: string): string {
  return `${variableName(setting, of)}${FILE_SUFFIX}`;
}

/** The key under which `sortEnvironment` puts the variable that names a file. */
export function fileKey({ key }: { readonly key: string }): string {
  return `${key}${FILE_SUFFIX}`;
}

/** The variable of an entry that `sortEnvironment` put under this key. */
export function variableOfKey(key: string, of: string): string {
  return key.endsWith(FILE_SUFFIX)
    ? fileVariableName({ key: key.slice(0, -FILE_SUFFIX.length) }, of)
    : variableName({ key }, of);
}

/** Those of the process, with `_FILE` for the settings that a file can hold. */
function processKeys(): string[] {
  return OF_PROCESS.flatMap(setting =>
    setting.inFile === undefined ? [setting.key] : [setting.key, fileKey(setting)],
  );
}

function brokerVariable(setting: AnySetting, rest: string, brokers: ReadonlySet<string>): Variable {
  const name = rest.slice(setting.key.length + 1);
  if (!WORD.test(name)) return { of: 'nobody', named: name, pattern: variableName(setting, '{name}') };
  const owner = name.slice(0, -FILE_SUFFIX.length);
  if (setting.inFile !== undefined && name.endsWith(FILE_SUFFIX) && owner !== '' && !brokers.has(name)) {
    return { of: 'broker', key: fileKey(setting), name: owner };
  }
  return { of: 'broker', key: setting.key, name };
}

function topicVariable(key: string, id: string): Variable & { readonly of: 'topic' | 'nobody' } {
  if (!WORD.test(id)) return { of: 'nobody', named: id, pattern: variableName({ key }, '{id}') };
  return { of: 'topic', key, id };
}

/** The slip can be in the key alone, so each way to split the key from the name is tried and the name kept. */
function nearestVariable(rest: string): string | undefined {
  let best: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  const consider = (part: string, key: string, whole: string) => {
    const slips = slipsBetween(part, key);
    if (slips === undefined || slips >= fewest) return;
    best = `${PREFIX}${whole}`;
    fewest = slips;
  };
  for (const key of processKeys()) consider(rest, key, key);
  const named = [
    ...OF_BROKER.map(({ key }) => [key, '{name}'] as const),
    ...[...OF_TOPIC, ...OF_ROUTE].map(({ key }) => [key, '{id}'] as const),
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
