/** What the event actor, and the event connection of a broker's worker, are started with. Plain data. */

import type { MessagePort } from 'node:worker_threads';
import type { BrokerSet, QoS } from '../core/policy.ts';
import type { Subscription } from '../core/subscriptions.ts';
import type { TopicMode } from '../core/topic-mode.ts';
import type { Bounds, BrokerPlace, StorePlace } from './settings.ts';

export interface EventTask {
  readonly actor: 'events';
  /** To the main thread. */
  readonly control: MessagePort;
  /** By index. The port leads to the event connection of the broker's worker. */
  readonly brokers: readonly (BrokerPlace & { readonly port: MessagePort })[];
  readonly settings: EventSettings;
}

/** The settings of one filter. What it leaves unset is taken from a broader filter. */
export interface EventFilter {
  readonly filter: string;
  /** A topic is an event topic if the most specific filter that matches it and sets a mode says so. */
  readonly mode?: TopicMode;
  readonly retain?: boolean;
  readonly qos?: QoS;
  /** Milliseconds until an undelivered event is dropped; Infinity for never. */
  readonly expiry?: number;
  /** Brokers that subscribe to the filter. */
  readonly subscribe: BrokerSet;
  /** Brokers that the filter allows the topic to be published to. */
  readonly publish: BrokerSet;
  /** Brokers that the topic is excluded from, both ways. */
  readonly exclude?: BrokerSet;
}

export interface EventSettings {
  /** All filters, those of state topics as well: the most specific one decides. */
  readonly filters: readonly EventFilter[];
  readonly store: StorePlace;
  /** The first level of the control topics; undefined if mqttrep must not write any. */
  readonly controlPrefix: string | undefined;
  readonly bounds: Bounds;
  readonly queue: EventQueueSettings;
  /** Replicators that an event may pass. */
  readonly hops: number;
}

export interface EventQueueSettings {
  /** Bytes on disk, all brokers together. */
  readonly bytes: number;
  /** When the queue is full: drop the oldest events, or take in no more. */
  readonly full: 'oldest' | 'hold';
  /** The least time between two fsyncs, in milliseconds. */
  readonly sync: number;
}

/** Of the event connection of one broker's worker; undefined in its settings if no event filter is subscribed or published there. */
export interface EventLinkSettings {
  /** `{client id}_events` as configured; undefined for `mqttrep_{replica}_{broker}_events`. */
  readonly clientId: string | undefined;
  readonly subscriptions: readonly Subscription[];
  /** Session Expiry Interval in seconds. */
  readonly sessionExpiry: number;
  /** False: subscribe with No Local. */
  readonly echo: boolean;
  /** The replicators at the brokers form a tree, so several of them may publish over MQTT 3.1.1. */
  readonly isTree: boolean;
}
