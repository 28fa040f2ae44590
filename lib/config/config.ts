/**
 * The effective configuration: what the environment says, checked and completed.
 *
 * Only `readConfig` makes it, and only `readConfig` reads the environment. It is plain data, so that worker threads
 * can receive it unchanged.
 */

import type { QoS } from '../core/policy.ts';
import type { BrokerPlaces, StorePlace } from '../protocol/settings.ts';
import type { BrokerLimits } from './broker-limits.ts';
import type { Problem } from './problems.ts';
import type { PROCESS_SETTINGS } from './process-settings.ts';
import type { ProfileName } from './profiles.ts';
import type { ValuesOf } from './setting.ts';
import type { TopicSettings } from './topic-settings.ts';

export type { Problem };

/** Besides these fields, one for each entry of the table of process settings. */
export interface Config extends Omit<ProcessValues, 'store'> {
  /** At least one; sorted by name. */
  readonly brokers: readonly BrokerConfig[];
  /** At least one; sorted by id. */
  readonly topics: readonly TopicConfig[];
  /** Names of topics that differ at a broker; sorted by id. */
  readonly maps: readonly MapConfig[];
  /** Topics that a broker does not have; sorted by id. */
  readonly exclusions: readonly ExcludeConfig[];
  /** Where the state is kept: a folder, or `memory`. */
  readonly store: StorePlace;
  /** The status server; undefined for none. */
  readonly http: HttpConfig | undefined;
}

type ProcessValues = ValuesOf<typeof PROCESS_SETTINGS>;

export type LogConfig = Config['log'];

export interface HttpConfig {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** `chosen`: the user named the address, so mqttrep ends if it cannot listen there. */
  readonly address: 'chosen' | 'default';
  /** What a client must show; undefined for nothing, on loopback only. Must not be logged. */
  readonly token: string | undefined;
  /** Further names under which clients reach the server without a token. */
  readonly hosts: readonly string[];
  readonly hidesPayloads: boolean;
  /** Whether a client that shows the token may compare, retry, pause and resume a broker. */
  readonly allowsActions: boolean;
}

export interface BrokerConfig extends BrokerLimits {
  /** The `{name}` of `MQTTREP_CLIENT_{name}`. */
  readonly name: string;
  /** mqtt, mqtts, ws or wss. */
  readonly url: string;
  /** Where the user wrote its settings; absent if in `MQTTREP_CLIENT_{name}` and `MQTTREP_CONFIG_{name}`. */
  readonly places?: BrokerPlaces;
  /** Further addresses of the same broker; absent if there is only one. */
  readonly otherUrls?: readonly string[];
  /** Seconds for which the first address must answer before mqttrep returns to it; absent for the default. */
  readonly returnAfter?: number;
  /** The highest QoS that the broker supports. Default 2. */
  readonly maxQos: QoS;
  /** At first contact, if two brokers differ and the merge chain is undecided, the larger priority wins. Default 0. */
  readonly priority: number;
  /** What is known of its provider; absent if the user names none. */
  readonly profile?: ProfileName;
  /** The options that the profile decided. */
  readonly fromProfile?: readonly string[];
  /** False if the broker keeps a retained message although an empty one follows; absent if it does not. */
  readonly acceptsDeletions?: false;
  /** False if the broker must not deliver our own events back (MQTT 5); absent if it does. */
  readonly eventEcho?: false;
  /** Connection options of MQTT.js as configured, without mqttrep's own. May hold secrets. */
  readonly options: ConnectionOptions;
}

export type ConnectionOptions = Readonly<Record<string, unknown>> & {
  readonly clientId?: string;
  readonly protocolVersion?: 3 | 4 | 5;
  readonly reconnectPeriod?: number;
};

type Lists = 'subscribeWhitelist' | 'subscribeBlacklist' | 'publishWhitelist' | 'publishBlacklist';

/** The settings of one filter. A setting that is absent is left to a broader filter. */
export type TopicConfig = Pick<TopicSettings, 'id' | 'filter'> &
  Optional<Omit<TopicSettings, 'id' | 'filter' | 'nosub' | Lists>> & {
    /** Names of the brokers that subscribe to the filter; none if NOSUB is set. */
    readonly subscribers: readonly string[];
    /** Names of the brokers to which the filter allows the topic to be published. */
    readonly publishers: readonly string[];
  };

export interface MapConfig {
  readonly id: string;
  /** As configured, with `{broker}` in it. */
  readonly rule: string;
  /** Names of the brokers that it is for. */
  readonly brokers: readonly string[];
}

export interface ExcludeConfig {
  readonly id: string;
  readonly filters: readonly string[];
  /** Names of the brokers that it is for. */
  readonly brokers: readonly string[];
}

type Optional<T> = { readonly [Field in keyof T]?: Exclude<T[Field], undefined> };

/** Either a configuration or every error at once; warnings in both cases. */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly errors: readonly Problem[]; readonly warnings: readonly Problem[] };
