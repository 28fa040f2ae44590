/** What an actor is started with: its ports and its settings. Plain data, since it crosses to another thread. */

import type { MessagePort } from 'node:worker_threads';
import type { RateLimits } from '../core/even-rate.ts';
import type { FilterSettings, QoS } from '../core/policy.ts';
import type { Subscription } from '../core/subscriptions.ts';
import type { ModeFilter } from '../core/topic-modes.ts';
import type { Names } from '../routes/name-map.ts';
import type { EventLinkSettings } from './event-settings.ts';

export interface BrokerTask {
  readonly actor: 'broker';
  /** To the main thread. */
  readonly control: MessagePort;
  /** To the reconciler. */
  readonly reconciler: MessagePort;
  readonly settings: BrokerSettings;
}

/** `dry-run`: decide, and publish nothing. */
export type Mode = 'replicate' | 'dry-run';

export interface BrokerSettings {
  readonly mode: Mode;
  readonly name: string;
  /** The name of this process, so that a broker's worker recognizes a second process with the same store. */
  readonly process: string;
  readonly url: string;
  readonly places: BrokerPlaces;
  /** Further addresses of the same broker, in the order in which they are tried. */
  readonly otherUrls?: readonly string[];
  /** Milliseconds for which the first address must answer before mqttrep returns to it. */
  readonly returnAfter?: number;
  /** The options of MQTT.js. They may hold secrets and are never logged. */
  readonly options: Readonly<Record<string, unknown>>;
  /** As configured; undefined for the client id that the store keeps. */
  readonly clientId: string | undefined;
  readonly maxQos: QoS;
  /** The most levels that the broker accepts in a topic; Infinity without a limit. */
  readonly maxLevels: number;
  /** The most bytes that the broker accepts in a topic; Infinity without a limit. */
  readonly maxTopicLength: number;
  /** The bytes of the largest packet that the broker accepts; Infinity without a limit. */
  readonly maxPacketSize: number;
  /** Unacknowledged publishes that the broker accepts; Infinity without a limit. */
  readonly maxInFlight: number;
  /** Filters that the broker accepts in one SUBSCRIBE; Infinity if it is to be learned. */
  readonly maxFilters: number;
  /** False if the broker keeps a retained message although an empty one follows. */
  readonly acceptsDeletions: boolean;
  /** The rate of publishes; left out without a limit. */
  readonly rate?: RateLimits;
  readonly subscriptions: readonly Subscription[];
  /** The names of topics at the broker, and which topics it does not have; undefined if it is like the others. */
  readonly names?: Names | undefined;
  readonly sampling: Sampling;
  /** The filters that set a mode; left out if there are no event topics. */
  readonly modes?: readonly ModeFilter[];
  /** Left out if the broker has no part in event topics. */
  readonly events?: EventLinkSettings;
  /** Whether mqttrep publishes its own status and its connections under control topics. */
  readonly stateTopics: boolean;
  /** Milliseconds between two heartbeats; Infinity for none. */
  readonly heartbeatMs: number;
  readonly bounds: Bounds;
  /** The first level of the control topics; undefined if mqttrep must not write any. */
  readonly controlPrefix: string | undefined;
}

/**
 * Where the user wrote the settings of a broker: names of variables, options of the command line, or keys of mqttrep.yaml such
 * as `brokers.oslo in mqttrep.yaml`. Without line numbers, which change while mqttrep runs.
 */
export interface BrokerPlaces {
  readonly url: string;
  readonly options: string;
  /** Where its user name and password can stand: among the options, or in the URL. */
  readonly account: string;
}

/** How the reconciler samples, as far as a broker's worker has to know it. */
export interface Sampling {
  /** Milliseconds between two ticks. */
  readonly period: number;
  /** Each merge chain begins with `arrival`, so only the newest of several messages of a topic counts. */
  readonly newestOnly: boolean;
}

export interface ReconcilerTask {
  readonly actor: 'reconciler';
  /** To the main thread. */
  readonly control: MessagePort;
  /** By index. The port leads to the broker's worker. */
  readonly brokers: readonly { readonly name: string; readonly rank: number; readonly port: MessagePort }[];
  readonly settings: ReconcilerSettings;
}

/** A broker at its index. The index remains that of this broker as long as the reconciler lives, even if it is removed. */
export interface BrokerPlace {
  readonly name: string;
  /** At first contact the value of the broker with the larger rank wins. */
  readonly rank: number;
  readonly isRemoved: boolean;
}

export interface ReconcilerSettings {
  /** The first level of the control topics; undefined if mqttrep must not write any. */
  readonly controlPrefix: string | undefined;
  readonly filters: readonly FilterSettings[];
  /** Hz. */
  readonly mergeFrequency: number;
  /** Seconds in which anti-entropy scans each topic once; Infinity for never. */
  readonly scanPeriod: number;
  /** Milliseconds that the clock of another replicator may be ahead of ours. */
  readonly maxDrift: number;
  readonly deletionGuard: DeletionBound;
  readonly bounds: Bounds;
  readonly store: StorePlace;
  /** Whether payloads are left out of the answers to requests. */
  readonly hidesPayloads: boolean;
  readonly mode: Mode;
}

/** Where the state is kept: only in memory, or in a folder. */
export type StorePlace = { readonly kind: 'memory' } | { readonly kind: 'folder'; readonly path: string };

/** Limits of what mqttrep takes in. What exceeds them is refused, counted and logged. */
export interface Bounds {
  /** Bytes of a payload. */
  readonly payload: number;
  /** Topics that are kept. Topics that a broker retains are never evicted. */
  readonly topics: number;
  /** Bytes of all topics that are kept, as `topic-bytes.ts` counts them; undefined for a part of the thread's heap. */
  readonly memory: number | undefined;
  /** Bytes of a topic's name. */
  readonly topicLength: number;
  /** Levels of a topic's name. */
  readonly levels: number;
}

/** Deletions that mqttrep did not receive live are held until a person decides, if there are more than both bounds allow. */
export interface DeletionBound {
  /** Topics; Infinity if deletions are never held. */
  readonly topics: number;
  /** Percent of the topics that the broker held. */
  readonly percent: number;
}
