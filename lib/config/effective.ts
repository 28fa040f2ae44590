/**
 * The effective configuration as the command `mqttrep config` shows it: as data and as text. What may be
 * read is listed here, all else is masked; so a secret in an option that nobody thought of stays hidden.
 */

import { formatMergeChain } from '../core/merge-chain.ts';
import type { QoS } from '../core/policy.ts';
import type { Bounds, DeletionBound } from '../protocol/settings.ts';
import type {
  BrokerConfig,
  Config,
  ConnectionOptions,
  HttpConfig,
  LogConfig,
  TopicConfig,
} from './config.ts';
import { MASK, maskUrl } from './mask.ts';
import { storePlaceText } from './store-place.ts';

export interface BrokerDescription {
  readonly name: string;
  /** Without credentials and query. */
  readonly url: string;
  readonly maxQos: QoS;
  readonly priority: number;
  readonly maxLevels?: number;
  /** Bytes. */
  readonly maxTopicLength?: number;
  /** As configured; null where it is random. */
  readonly clientId: string | null;
  /** By name, in alphabetical order; `***` for what is not known to be harmless. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
}

export interface ConfigDescription {
  readonly brokers: readonly BrokerDescription[];
  readonly topics: readonly TopicConfig[];
  /** Hz. */
  readonly mergeFrequency: number;
  readonly store: string;
  /** Null where mqttrep may write none. */
  readonly controlTopic: string | null;
  readonly stateTopics: boolean;
  /** Seconds; null for never. */
  readonly scanPeriod: number | null;
  /** Seconds. */
  readonly maxDrift: number;
  /** Null where deletions are never held. */
  readonly deletionGuard: DeletionBound | null;
  /** Null where there is no status server. */
  readonly http: HttpDescription | null;
  readonly bounds: BoundsDescription;
  readonly log: LogConfig;
}

/** Null where it is a part of what the thread may use. */
export type BoundsDescription = Omit<Bounds, 'memory'> & { readonly memory: number | null };

export interface HttpDescription {
  readonly host: string;
  readonly port: number;
  /** `***` where there is one. */
  readonly token: string | null;
  readonly hidesPayloads: boolean;
}

export interface DescribedConfig {
  /** Plain data, for JSON. */
  readonly data: ConfigDescription;
  /** The same for people, several lines, without a line break at the end. */
  readonly text: string;
}

/** Shown where they are numbers or booleans. */
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

/** Shown where they are strings: they say which machine or file is meant. */
const HARMLESS_TEXTS = new Set([
  'caFile',
  'certFile',
  'host',
  'hostname',
  'keyFile',
  'protocol',
  'protocolId',
  'servername',
]);

/** Describes a configuration, secrets masked. */
export function describeConfig(config: Config): DescribedConfig {
  const data: ConfigDescription = {
    brokers: config.brokers.map(describeBroker),
    topics: config.topics,
    mergeFrequency: config.mergeFrequency,
    store: storePlaceText(config.store),
    controlTopic: config.controlTopic ?? null,
    stateTopics: config.stateTopics,
    scanPeriod: Number.isFinite(config.scanPeriod) ? config.scanPeriod : null,
    maxDrift: config.maxDrift,
    deletionGuard: Number.isFinite(config.deletionGuard.topics) ? config.deletionGuard : null,
    http: config.http === undefined ? null : describeHttp(config.http),
    bounds: { ...config.bounds, memory: config.bounds.memory ?? null },
    log: config.log,
  };
  return { data, text: toText(data) };
}

/** One broker, secrets masked. */
export function describeBroker(broker: BrokerConfig): BrokerDescription {
  const { name, url, maxQos, priority, maxLevels, maxTopicLength, options } = broker;
  return {
    name,
    url: maskUrl(url),
    maxQos,
    priority,
    ...(maxLevels === undefined ? {} : { maxLevels }),
    ...(maxTopicLength === undefined ? {} : { maxTopicLength }),
    clientId: options.clientId ?? null,
    options: describeOptions(options),
  };
}

function describeHttp({ host, port, token, hidesPayloads }: HttpConfig): HttpDescription {
  return { host, port, token: token === undefined ? null : MASK, hidesPayloads };
}

function describeOptions(options: ConnectionOptions): Record<string, string | number | boolean> {
  // What was read from a file is shown by its path.
  const names = Object.keys(options).filter(name => name !== 'clientId' && !(`${name}File` in options));
  return Object.fromEntries(names.sort().map(name => [name, masked(name, options[name])]));
}

function masked(name: string, value: unknown): string | number | boolean {
  if (HARMLESS_SCALARS.has(name) && (typeof value === 'number' || typeof value === 'boolean')) return value;
  if (HARMLESS_TEXTS.has(name) && typeof value === 'string' && !value.includes('@')) return value;
  return MASK;
}

function toText(description: ConfigDescription): string {
  const { brokers, topics, mergeFrequency, store, controlTopic, scanPeriod, maxDrift } = description;
  const { deletionGuard, bounds, http, log } = description;
  const names = brokers.map(broker => broker.name);
  return [
    'Brokers',
    ...brokers.flatMap(brokerLines),
    'Topics',
    ...topics.flatMap(topic => topicLines(topic, names)),
    `Merge frequency: ${mergeFrequency} Hz`,
    `Store: ${store}`,
    `Control topics: ${controlTopic === null ? 'none' : `${controlTopic}/…`}`,
    ...(description.stateTopics
      ? [`State topics: ${controlTopic}/status, ${controlTopic}/connection/…`]
      : []),
    `Every topic is looked at again: ${scanPeriod === null ? 'never' : `within ${scanPeriod} s`}`,
    `Greatest drift of other replicators' clocks: ${maxDrift} s`,
    `Deletions that nobody heard are held: ${deletionGuard === null ? 'never' : deletionBoundText(deletionGuard)}`,
    `Status page: ${http === null ? 'none' : httpInWords(http)}`,
    `Bounds: ${bounds.topics} topics of ${bounds.topicLength} bytes and ${bounds.levels} levels, payloads of ${bounds.payload} bytes, ${memoryInWords(bounds)}`,
    `Log: level ${log.level}, format ${log.format}`,
  ].join('\n');
}

function brokerLines(broker: BrokerDescription): string[] {
  const { name, url, maxQos, priority, maxLevels, maxTopicLength, clientId, options } = broker;
  const limits = [
    ...(maxLevels === undefined ? [] : [`topics of ${maxLevels} levels`]),
    ...(maxTopicLength === undefined ? [] : [`topics of ${maxTopicLength} bytes`]),
  ];
  const lines = [
    `  ${name}  ${url}`,
    `    highest QoS ${maxQos}, priority ${priority}, client id ${clientId ?? 'random'}`,
    ...(limits.length === 0 ? [] : [`    takes at most ${limits.join(', ')}`]),
  ];
  const configured = Object.entries(options).map(([option, value]) => `${option} ${value}`);
  return configured.length === 0 ? lines : [...lines, `    options: ${configured.join(', ')}`];
}

function topicLines(topic: TopicConfig, names: string[]) {
  const { id, filter, retain, repeat, qos, ttl, merge, subscribers, publishers } = topic;
  const settings: string[] = [];
  if (retain !== undefined) settings.push(retain ? 'published retained' : 'retained as received');
  if (repeat !== undefined) settings.push(repeat ? 'repetitions passed on' : 'repetitions not passed on');
  if (qos !== undefined) settings.push(`QoS ${qos}`);
  if (ttl !== undefined) settings.push(ttl === 0 ? 'kept for ever' : `erased after ${ttl} s of quiet`);
  if (merge !== undefined) settings.push(`merged by ${formatMergeChain(merge)}`);
  return [
    `  ${id}  ${filter}`,
    ...(settings.length === 0 ? [] : [`    ${settings.join(', ')}`]),
    `    subscribed at: ${inWords(subscribers, names)}`,
    `    published to: ${inWords(publishers, names)}`,
  ];
}

function httpInWords({ host, port, token, hidesPayloads }: HttpDescription): string {
  const address = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
  const payloads = hidesPayloads ? 'without payloads' : 'with payloads';
  return `${address}, ${token === null ? 'no token' : `token ${token}`}, ${payloads}`;
}

function memoryInWords({ memory }: BoundsDescription): string {
  return memory === null ? 'memory by the heap that Node.js allows' : `${memory} bytes of memory`;
}

/** Also for what a reload changes. */
export function deletionBoundText({ topics, percent }: DeletionBound): string {
  return `where they are more than ${topics} topics, and more than ${percent} % of a broker`;
}

function inWords(chosen: readonly string[], all: readonly string[]): string {
  if (chosen.length === 0) return 'no broker';
  return chosen.length === all.length ? 'all brokers' : chosen.join(', ');
}
