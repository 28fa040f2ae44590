/**
 * The effective configuration: what the environment says, checked and completed.
 *
 * `readConfig` is the only maker of it and the only reader of the environment. It is plain data, so it can
 * be handed to worker threads as it is.
 */

import type { MergeChain } from '../core/merge-chain.ts';
import type { QoS } from '../core/policy.ts';
import type { Bounds, DeletionBound, StorePlace } from '../protocol/settings.ts';

export interface Config {
  /** At least one; sorted by name. */
  readonly brokers: readonly BrokerConfig[];
  /** At least one; sorted by id. */
  readonly topics: readonly TopicConfig[];
  /** Hz, > 0. */
  readonly mergeFrequency: number;
  /** Where the state is kept: a folder, or `memory`. */
  readonly store: StorePlace;
  /** With what the topics of mqttrep itself begin; undefined when it may write none. */
  readonly controlTopic: string | undefined;
  /** Whether mqttrep says under control topics, retained at each broker, how it is. */
  readonly stateTopics: boolean;
  /** Seconds in which every topic is looked at once at each broker; Infinity for never. */
  readonly scanPeriod: number;
  /** Seconds that another replicator's clock may be ahead of ours before it is not believed. */
  readonly maxDrift: number;
  /** Beyond this, deletions at a broker that nobody heard wait for a person. */
  readonly deletionGuard: DeletionBound;
  /** The status server; undefined when there is to be none. */
  readonly http: HttpConfig | undefined;
  readonly bounds: Bounds;
  readonly log: LogConfig;
}

export interface HttpConfig {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** `chosen`: the user named it, and is to be told where it cannot be had. */
  readonly address: 'chosen' | 'default';
  /** What a client must show; undefined for nothing, on loopback only. May never be logged. */
  readonly token: string | undefined;
  readonly hidesPayloads: boolean;
}

export interface BrokerConfig {
  /** The `{name}` of `MQTTREP_CLIENT_{name}`. */
  readonly name: string;
  /** mqtt, mqtts, ws or wss. */
  readonly url: string;
  /** The highest QoS that the broker supports. Default 2. */
  readonly maxQos: QoS;
  /** Which broker wins at first contact, where two differ and the merge chain is undecided: the larger. Default 0. */
  readonly priority: number;
  /** Levels that a topic may have there; absent without a limit. */
  readonly maxLevels?: number;
  /** Bytes that a topic may have there; absent without a limit. */
  readonly maxTopicLength?: number;
  /** Connection options of MQTT.js as configured, without what mqttrep itself wants to know. May hold secrets. */
  readonly options: ConnectionOptions;
}

export type ConnectionOptions = Readonly<Record<string, unknown>> & {
  readonly clientId?: string;
  readonly protocolVersion?: 3 | 4 | 5;
  readonly reconnectPeriod?: number;
};

export interface TopicConfig {
  /** The `{id}` of `MQTTREP_TOPIC_{id}`. */
  readonly id: string;
  readonly filter: string;
  /** True: every message is published retained. False: as it was published. Unset: left to a broader filter. */
  readonly retain?: boolean;
  /** True: a retained message that says nothing new is passed on all the same. Unset: left to a broader filter. */
  readonly repeat?: boolean;
  readonly qos?: QoS;
  /** Seconds, 0 = for ever. */
  readonly ttl?: number;
  /** How the winner is chosen. Unset: left to a broader filter, then to the arrival. */
  readonly merge?: MergeChain;
  /** Names of the brokers that subscribe to the filter; none where NOSUB is set. */
  readonly subscribers: readonly string[];
  /** Names of the brokers that the filter allows the topic to be published to. */
  readonly publishers: readonly string[];
}

export interface LogConfig {
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
}

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Something wrong with one variable: who, what was received, and how to mend it. */
export interface Problem {
  readonly variable: string;
  /** What is wrong, with the value received (masked where it may hold a secret), as one sentence without a full stop. */
  readonly problem: string;
  /** What to do about it, as one sentence without a full stop. */
  readonly fix: string;
}

/** Either a configuration or every error at once; warnings in both cases. */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly errors: readonly Problem[]; readonly warnings: readonly Problem[] };
