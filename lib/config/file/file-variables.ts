/** The content of mqttrep.yaml as environment variables, and the place in the file that each comes from. */

import type * as v from 'valibot';
import { BROKER_SETTINGS } from '../broker-settings.ts';
import { ROUTE_SETTINGS } from '../route-settings.ts';
import { TOPIC_SETTINGS } from '../topic-settings.ts';
import { PREFIX, variableName } from '../variables.ts';
import type { CONFIG_FILE } from './file-schema.ts';
import { type FileKey, PROCESS_KEYS, TOPIC_KEYS } from './keys.ts';
import type { Path } from './places.ts';

type Content = v.InferInput<typeof CONFIG_FILE>;
type Options = Readonly<Record<string, unknown>>;

/** Of these, a broker's own option replaces each of the same group in `defaults`. */
const ALTERNATIVES: readonly (readonly string[])[] = [
  ['username', 'usernameFile'],
  ['password', 'passwordFile', 'passwordCommand'],
  ['awsCredentialsFile', 'awsCredentialsCommand'],
  ['ca', 'caFile'],
  ['cert', 'certFile'],
  ['key', 'keyFile'],
];

/** A broker without TLS does not take these from `defaults`. */
const OF_TLS: ReadonlySet<string> = new Set([
  ...['ca', 'caFile', 'cert', 'certFile', 'key', 'keyFile'],
  ...['passphrase', 'rejectUnauthorized', 'servername'],
]);

export interface FileVariables {
  readonly variables: Readonly<Record<string, string>>;
  /** The first path is that of the whole value; the others are those of its parts. */
  readonly paths: ReadonlyMap<string, readonly Path[]>;
  /** Topics, rules and exclusions with the id of an earlier one. */
  readonly repeated: readonly { readonly path: Path; readonly id: string }[];
}

export function variablesOf(content: Content): FileVariables {
  const found = new Found();
  const { defaults = {}, brokers = {}, topics = {}, map, exclude } = content;
  const isList = Array.isArray(brokers);
  const named = isList ? brokers.map((name): [string, unknown] => [name, null]) : Object.entries(brokers);
  for (const [index, [name, broker]] of named.entries()) {
    addBroker(found, name, broker, defaults, isList ? ['brokers', index] : ['brokers', name]);
  }
  addTopics(found, topics);
  for (const { key, variable } of PROCESS_KEYS) {
    const value = (content as Options)[key];
    if (value !== undefined) found.add(`${PREFIX}${variable}`, textOf(value), [key]);
  }
  addRoutes(found, { map, exclude }, '', []);
  return found;
}

class Found implements FileVariables {
  readonly variables: Record<string, string> = {};
  readonly paths = new Map<string, readonly Path[]>();
  readonly repeated: { readonly path: Path; readonly id: string }[] = [];

  /** @param id by which the user tells it from others of its kind */
  addNamed(id: string, variable: string, value: string, path: Path): void {
    if (variable in this.variables) this.repeated.push({ path, id });
    this.add(variable, value, path);
  }

  add(variable: string, value: string, ...paths: readonly Path[]): void {
    this.variables[variable] = value;
    this.paths.set(variable, paths);
  }
}

function addBroker(found: Found, name: string, broker: unknown, defaults: Options, path: Path): void {
  const own: Options = typeof broker === 'string' ? { url: broker } : ((broker ?? {}) as Options);
  const { map, exclude, ...ownOptions } = own;
  const shared = withName(inherited(defaults, ownOptions), name);
  const address = ownOptions['url'] ?? shared['url'];
  const { url, ...options } = { ...(usesTls(address) ? shared : withoutTls(shared)), ...ownOptions };
  const place = (option: string): Path => (option in ownOptions ? [...path, option] : ['defaults', option]);
  const urlPath = typeof broker === 'string' ? path : place('url');
  found.add(
    variableName(BROKER_SETTINGS.url, name),
    url === undefined ? '' : textOf(url),
    url === undefined ? path : urlPath,
  );
  if (Object.keys(options).length > 0) {
    const variable = variableName(BROKER_SETTINGS.options, name);
    found.add(variable, JSON.stringify(options), path, ...Object.keys(options).map(place));
  }
  addRoutes(found, { map, exclude }, name, path);
}

/** The defaults that the broker does not replace. */
function inherited(defaults: Options, own: Options): Options {
  const replaced = new Set(
    Object.keys(own).flatMap(option => ALTERNATIVES.find(group => group.includes(option)) ?? [option]),
  );
  return Object.fromEntries(Object.entries(defaults).filter(([option]) => !replaced.has(option)));
}

/** Whether one of the addresses has TLS, as far as can be told. */
function usesTls(url: unknown): boolean {
  return textOf(url)
    .split(/[\s,]+/)
    .some(address => !/^(?:mqtt|ws):\/\//.test(address));
}

/** A certificate in `defaults` is for the brokers with TLS; another broker may stand beside them. */
function withoutTls(defaults: Options): Options {
  return Object.fromEntries(Object.entries(defaults).filter(([option]) => !OF_TLS.has(option)));
}

/** With the name of the broker in place of `{broker}`, at any depth. */
function withName<T>(value: T, name: string): T {
  if (typeof value === 'string') return value.replaceAll('{broker}', name) as T;
  if (Array.isArray(value)) return value.map(each => withName(each, name)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withName(each, name)])) as T;
}

function addTopics(found: Found, topics: Exclude<Content['topics'], undefined>): void {
  const isList = Array.isArray(topics);
  for (const [index, [key, topic]] of Object.entries(topics).entries()) {
    const path = ['topics', isList ? index : key];
    const settings: Options = typeof topic === 'string' ? { filter: topic } : topic;
    const id = String(settings['id'] ?? (isList ? index + 1 : key));
    const filterPath = typeof topic === 'string' ? path : [...path, 'filter'];
    found.addNamed(id, variableName(TOPIC_SETTINGS.filter, id), textOf(settings['filter']), filterPath);
    for (const { key: field, setting } of TOPIC_KEYS as readonly FileKey[]) {
      const value = settings[field];
      if (value !== undefined) found.add(variableName(setting, id), textOf(value), [...path, field]);
    }
  }
}

/** @param broker the name of the only broker that they are for; empty for all */
function addRoutes(found: Found, routes: Options, broker: string, above: Path): void {
  const { map, mapBrokers, exclude, excludeBrokers } = ROUTE_SETTINGS;
  for (const [field, subject, list] of [
    ['map', map, mapBrokers],
    ['exclude', exclude, excludeBrokers],
  ] as const) {
    const value = routes[field];
    if (value === undefined) continue;
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const [index, item] of items.entries()) {
      const path = Array.isArray(value) ? [...above, field, index] : [...above, field];
      const {
        brokers,
        id: given = `${broker}_${index + 1}`,
        ...rest
      } = (typeof item === 'string' ? { rule: item, filters: item } : item) as Options;
      const id = String(given);
      const text = field === 'map' ? ruleText(rest) : filtersText(rest['filters']);
      found.addNamed(id, variableName(subject, id), text, path);
      if (broker !== '') found.add(variableName(list, id), broker, path);
      else if (brokers !== undefined)
        found.add(variableName(list, id), textOf(brokers), [...path, 'brokers']);
    }
  }
}

function ruleText({ rule, filters: _filters, ...words }: Options): string {
  if (rule !== undefined) return textOf(rule);
  return Object.entries(words)
    .map(([word, value]) => `${word}: ${value}`)
    .join(' ');
}

function filtersText(filters: unknown): string {
  const list: readonly unknown[] = Array.isArray(filters) ? filters : [filters];
  return list.map(filter => String(filter).replaceAll(',', '\\,')).join(',');
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join(',') : String(value);
}
