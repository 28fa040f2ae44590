/** Under which identity mqttrep connects to a broker: the options of each connection, and its own topics there. */

import { nanoid } from 'nanoid';
import type { QoS } from '../core/policy.ts';
import { ControlTopics } from '../protocol/control-topics.ts';
import type { Start } from '../protocol/messages.ts';
import type { BrokerSettings } from '../protocol/settings.ts';
import { Stamps } from '../protocol/stamps.ts';
import { NameMap } from '../routes/name-map.ts';
import type { ConnectionOptions } from './connection/connection-options.ts';
import type { FilterLimit } from './connection/filter-limit.ts';
import type { Pace } from './connection/pace.ts';
import type { ProtocolVersion } from './network/negotiation.ts';
import { type Encounters, Presence } from './presence.ts';
import { Sentinel } from './retained/sentinel.ts';
import type { StateTopics } from './state-topics.ts';

export class Identity {
  /** Undefined where mqttrep may write no control topic. */
  readonly control: ControlTopics | undefined;
  /** Undefined also if the user configured a will. */
  readonly presence: Presence | undefined;
  readonly stamps: Stamps;
  /** Of the main connection. */
  readonly clientId: string;
  readonly #start: Start;
  readonly #settings: BrokerSettings;
  readonly #subscribeLimit: FilterLimit;
  readonly #names: NameMap | undefined;
  readonly #pace: Pace | undefined;
  /** The highest QoS that the broker supports. */
  #maxQos: QoS;
  /** The address of the next connections. */
  #url: string;

  /**
   * @param state publishes the state of mqttrep; undefined where the user does not want it
   * @param subscribeLimit what is known of the broker, over all connections to it
   * @param pace of all connections to the broker; undefined without a limit
   */
  constructor(
    settings: BrokerSettings,
    start: Start,
    encounters: Encounters,
    state: StateTopics | undefined,
    subscribeLimit: FilterLimit,
    pace: Pace | undefined,
  ) {
    const { mode, name, options } = settings;
    const controlPrefix = mode === 'dry-run' ? undefined : settings.controlPrefix;
    this.#settings = settings;
    this.#subscribeLimit = subscribeLimit;
    this.#pace = pace;
    this.#maxQos = settings.maxQos;
    this.#start = start;
    this.#url = settings.url;
    this.#names = settings.names && new NameMap(settings.names);
    this.clientId = settings.clientId ?? start.clientId;
    this.stamps = new Stamps(start.replica, start.secret);
    this.control =
      controlPrefix === undefined ? undefined : new ControlTopics(controlPrefix, start.replica, name);
    const isWillFree = options['will'] === undefined;
    this.presence =
      this.control && isWillFree
        ? new Presence(this.control, settings.process, encounters, state)
        : undefined;
  }

  /** The next connections lead to this address of the broker. */
  connectTo(url: string): void {
    this.#url = url;
  }

  /** A dry run has one connection only. */
  get isDryRun(): boolean {
    return this.#settings.mode === 'dry-run';
  }

  /** Whether a start like this would make the same identity. */
  isOf({ replica, secret, clientId }: Start): boolean {
    const before = this.#start;
    return replica === before.replica && secret === before.secret && clientId === before.clientId;
  }

  /** @param maxQos what the broker turned out to support; undefined where it showed no limit */
  lowerQos(maxQos: QoS | undefined): void {
    this.#maxQos = Math.min(this.#maxQos, maxQos ?? 2) as QoS;
  }

  /**
   * @param presence whose will CONNECT has; undefined where the broker does not accept it
   * @param willQos the highest QoS of the will
   */
  connectionOptions(
    protocolVersion: ProtocolVersion,
    presence: Presence | undefined,
    willQos: QoS,
  ): ConnectionOptions {
    if (this.#settings.mode === 'dry-run') return this.sideConnectionOptions('dry-run', protocolVersion);
    const { options } = this.#settings;
    const { clientId } = this;
    const will = presence?.will ?? (options['will'] as { readonly qos?: QoS } | undefined);
    if (will === undefined) return this.#options(clientId, protocolVersion, options);
    const qos = Math.min(will.qos ?? 0, willQos, this.#maxQos) as QoS;
    return this.#options(clientId, protocolVersion, { ...options, will: { ...will, qos } });
  }

  /** For a connection beside the main one. It has no will: its end tells nothing of mqttrep. */
  sideConnectionOptions(
    purpose: 'probe' | 'scan' | 'quarantine' | 'address' | 'dry-run',
    protocolVersion: ProtocolVersion,
  ): ConnectionOptions {
    const { will: _will, ...options } = this.#settings.options;
    return this.#options(`${this.clientId}_${purpose}`, protocolVersion, {
      ...options,
      clean: true,
    });
  }

  sentinel(purpose: 'replay' | 'probe' | 'full-scan'): Sentinel | undefined {
    return this.control === undefined ? undefined : new Sentinel(this.control.of(purpose), nanoid());
  }

  #options(
    clientId: string,
    protocolVersion: ProtocolVersion,
    options: ConnectionOptions['options'],
  ): ConnectionOptions {
    const { bounds, maxPacketSize, maxInFlight } = this.#settings;
    return {
      url: this.#url,
      options,
      clientId,
      protocolVersion,
      maxQos: this.#maxQos,
      maxPacketSize,
      maxInFlight,
      largestPayload: bounds.payload,
      subscribeLimit: this.#subscribeLimit,
      names: this.#names,
      pace: this.#pace,
    };
  }
}
