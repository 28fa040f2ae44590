/**
 * The effective configuration as the command `mqttrep config` shows it: as data and as text. Only what is listed here
 * as harmless is shown, and everything else is masked; so a secret in an option that nobody thought of stays hidden.
 */

import { BROKER_LIMITS, limitsIn } from './broker-limits.ts';
import { OWN_OPTIONS } from './broker-settings.ts';
import type {
  BrokerConfig,
  Config,
  ConnectionOptions,
  ExcludeConfig,
  HttpConfig,
  MapConfig,
  TopicConfig,
} from './config.ts';
import { HTTP_SETTINGS } from './http-settings.ts';
import { httpUrl } from './http-values.ts';
import { MASK, maskUrl } from './mask.ts';
import { PROCESS_SETTINGS } from './process-settings.ts';
import { jsonOf, mapSettings, valueAt } from './setting.ts';
import { shownSettings } from './topic-settings.ts';
import { variableName } from './variables.ts';

export interface BrokerDescription extends Omit<BrokerConfig, 'options' | 'otherUrls'> {
  /** All addresses, separated by blanks. */
  readonly url: string;
  /** As configured; null if it is random. */
  readonly clientId: string | null;
  /** By name, in alphabetical order; `***` for every value that is not known to be harmless. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
}

/** Besides these fields, one for each entry of the table of process settings; null for none, off or never. */
export interface ConfigDescription {
  readonly brokers: readonly BrokerDescription[];
  readonly topics: readonly TopicConfig[];
  readonly maps: readonly MapConfig[];
  readonly exclusions: readonly ExcludeConfig[];
  /** Null if there is no status server. */
  readonly http: HttpDescription | null;
  readonly [setting: string]: unknown;
}

export interface HttpDescription {
  readonly host: string;
  readonly port: number;
  /** `***` if there is one. */
  readonly token: string | null;
  readonly hosts: readonly string[];
  readonly hidesPayloads: boolean;
  readonly allowsActions: boolean;
}

export interface DescribedConfig {
  /** Plain data, for JSON. */
  readonly data: ConfigDescription;
  /** The same for people: several lines, without a line break at the end. */
  readonly text: string;
}

/** Options that are shown if they are numbers or booleans. */
const HARMLESS_SCALARS = new Set([
  'clean',
  'connectTimeout',
  'keepalive',
  'port',
  'protocolVersion',
  'reconnectPeriod',
  'rejectUnauthorized',
  'reschedulePings',
]);

/** Options that are shown if they are strings: they name a machine or a file. */
const HARMLESS_TEXTS = new Set([
  'awsSigV4',
  'caFile',
  'certFile',
  'clientId',
  'host',
  'hostname',
  'keyFile',
  'passwordFile',
  'profile',
  'protocol',
  'protocolId',
  'servername',
  'usernameFile',
]);

/** Describes a configuration, secrets masked. */
export function describeConfig(config: Config): DescribedConfig {
  const brokers = config.brokers.map(describeBroker);
  const http = config.http === undefined ? null : describeHttp(config.http);
  const values = mapSettings(PROCESS_SETTINGS, (setting, path) => jsonOf(setting, valueAt(config, path)));
  const settingLines: string[] = [];
  mapSettings(PROCESS_SETTINGS, (setting, path) =>
    settingLines.push(`  ${variableName(setting)}: ${setting.show(valueAt(config, path))}`),
  );
  const names = brokers.map(({ name }) => name);
  const text = [
    'Brokers',
    ...brokers.flatMap(brokerLines),
    'Topics',
    ...config.topics.flatMap(topic => topicLines(topic, names)),
    ...routeLines(config, names),
    'Process',
    ...settingLines,
    `  ${variableName(HTTP_SETTINGS.address)}: ${http === null ? 'off' : httpInWords(http)}`,
  ].join('\n');
  const { topics, maps, exclusions } = config;
  return { data: { brokers, topics, maps, exclusions, ...values, http }, text };
}

/** One broker, secrets masked. */
export function describeBroker(broker: BrokerConfig): BrokerDescription {
  const { name, url, otherUrls = [], maxQos, priority, returnAfter, eventEcho, options } = broker;
  const { profile, fromProfile = [], acceptsDeletions } = broker;
  return {
    name,
    url: [url, ...otherUrls].map(maskUrl).join(' '),
    maxQos,
    priority,
    ...Object.fromEntries(limitsIn(broker)),
    ...(profile === undefined ? {} : { profile, fromProfile }),
    ...(acceptsDeletions === undefined ? {} : { acceptsDeletions }),
    ...(eventEcho === undefined ? {} : { eventEcho }),
    ...(returnAfter === undefined ? {} : { returnAfter }),
    clientId: options.clientId ?? null,
    options: describeOptions(options),
  };
}

function describeHttp({
  host,
  port,
  token,
  hosts,
  hidesPayloads,
  allowsActions,
}: HttpConfig): HttpDescription {
  return { host, port, token: token === undefined ? null : MASK, hosts, hidesPayloads, allowsActions };
}

function describeOptions(options: ConnectionOptions): Record<string, string | number | boolean> {
  // The content of a file is not shown, only its path.
  const names = Object.keys(options).filter(name => name !== 'clientId' && !(`${name}File` in options));
  return Object.fromEntries(names.sort().map(name => [name, masked(name, options[name])]));
}

/** Whether the value of an option of a broker can be shown. */
export function isHarmless(name: string, value: unknown): value is string | number | boolean {
  if (typeof value === 'string') return HARMLESS_TEXTS.has(name) && !value.includes('@');
  const isOwn = OWN_OPTIONS.some(option => option.name === name);
  return (isOwn || HARMLESS_SCALARS.has(name)) && (typeof value === 'number' || typeof value === 'boolean');
}

function masked(name: string, value: unknown): string | number | boolean {
  return isHarmless(name, value) ? value : MASK;
}

function brokerLines(broker: BrokerDescription): string[] {
  const { name, url, maxQos, priority, returnAfter, eventEcho, clientId, options } = broker;
  const { profile, fromProfile = [], acceptsDeletions } = broker;
  const source = (option: string) => (fromProfile.includes(option) ? ' (profile)' : '');
  const limits = [
    ...limitsIn(broker).map(
      ([limit, most]) => `${limit} ${most}${BROKER_LIMITS[limit].shown}${source(limit)}`,
    ),
    ...(acceptsDeletions === undefined ? [] : ['acceptsDeletions false']),
    ...(eventEcho === undefined ? [] : ['eventEcho false']),
    ...(returnAfter === undefined ? [] : [`returnAfter ${returnAfter} s`]),
  ];
  const configured = Object.entries(options).map(([option, value]) => `${option} ${value}`);
  return [
    `  ${name}  ${url}`,
    `    ${[...(profile === undefined ? [] : [`profile ${profile}`]), `maxQos ${maxQos}${source('maxQos')}`, `priority ${priority}`, ...limits, `clientId ${clientId ?? 'random'}`].join(', ')}`,
    ...(configured.length === 0 ? [] : [`    options: ${configured.join(', ')}`]),
  ];
}

function topicLines(topic: TopicConfig, names: readonly string[]): string[] {
  const settings = [...shownSettings(topic)].map(([key, value]) => `${key} ${value}`);
  return [
    `  ${topic.id}  ${topic.filter}`,
    ...(settings.length === 0 ? [] : [`    ${settings.join(', ')}`]),
    `    subscribed at: ${inWords(topic.subscribers, names)}`,
    `    published to: ${inWords(topic.publishers, names)}`,
  ];
}

/** No headings without rules and exclusions. */
function routeLines({ maps, exclusions }: Config, names: readonly string[]): string[] {
  return [
    ...(maps.length === 0 ? [] : ['Names']),
    ...maps.map(({ id, rule, brokers }) => `  ${id}  ${rule}  (${inWords(brokers, names)})`),
    ...(exclusions.length === 0 ? [] : ['Exclusions']),
    ...exclusions.map(
      ({ id, filters, brokers }) => `  ${id}  ${filters.join(',')}  (${inWords(brokers, names)})`,
    ),
  ];
}

function httpInWords({ host, port, token, hosts, hidesPayloads, allowsActions }: HttpDescription): string {
  const names = hosts.length === 0 ? '' : `, also as ${hosts.join(', ')}`;
  const payloads = hidesPayloads ? 'without payloads' : 'with payloads';
  const actions = allowsActions ? ', with actions' : '';
  return `${httpUrl({ host, port })}${names}, ${token === null ? 'no token' : `token ${token}`}, ${payloads}${actions}`;
}

function inWords(chosen: readonly string[], all: readonly string[]): string {
  if (chosen.length === 0) return 'no broker';
  return chosen.length === all.length ? 'all brokers' : chosen.join(', ');
}
