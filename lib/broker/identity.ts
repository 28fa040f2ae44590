/** As whom we come to a broker: connection options, the probe's own, and the topics that are ours there. */

import { nanoid } from 'nanoid';
import type { QoS } from '../core/policy.ts';
import { ControlTopics } from '../protocol/control-topics.ts';
import type { BrokerSettings, Start } from '../protocol/messages.ts';
import { Stamps } from '../protocol/stamps.ts';
import type { ConnectionOptions } from './connection/connection.ts';
import type { ProtocolVersion } from './connection/negotiation.ts';
import type { SubscribeLimit } from './capabilities/subscribe-limit.ts';
import { type Encounters, Presence } from './presence.ts';
import { Sentinel } from './retained/sentinel.ts';
import type { StateTopics } from './state-topics.ts';

export class Identity {
  /** Undefined when mqttrep may write no topic of its own. */
  readonly control: ControlTopics | undefined;
  /** Undefined also when the user needs the will for something else. */
  readonly presence: Presence | undefined;
  readonly stamps: Stamps;
  /** Of the connection that replicates. */
  readonly clientId: string;
  readonly #start: Start;
  readonly #settings: BrokerSettings;
  readonly #subscribeLimit: SubscribeLimit;
  /** The highest that the broker takes. */
  #maxQos: QoS;

  /**
   * @param state where it is to be said how mqttrep is
   * @param subscribeLimit what is known of the broker, over all connections to it
   */
  constructor(
    settings: BrokerSettings,
    start: Start,
    encounters: Encounters,
    state: StateTopics | undefined,
    subscribeLimit: SubscribeLimit,
  ) {
    const { mode, name, options } = settings;
    const controlPrefix = mode === 'dry-run' ? undefined : settings.controlPrefix;
    this.#settings = settings;
    this.#subscribeLimit = subscribeLimit;
    this.#maxQos = settings.maxQos;
    this.#start = start;
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

  /** In a dry run there is no connection but one. */
  get isDryRun(): boolean {
    return this.#settings.mode === 'dry-run';
  }

  /** Whether to start like this again would change nothing. */
  isOf({ replica, secret, clientId }: Start): boolean {
    const before = this.#start;
    return replica === before.replica && secret === before.secret && clientId === before.clientId;
  }

  /** What the broker takes at most turned out to be less; undefined where it did not. */
  lowerQos(maxQos: QoS | undefined): void {
    this.#maxQos = Math.min(this.#maxQos, maxQos ?? 2) as QoS;
  }

  /**
   * @param presence whose will CONNECT is to bear; undefined where the broker does not bear it
   * @param willQos the highest that the will may have
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

  /** For a connection beside the one that replicates. It is not its heir: its end must not publish a will. */
  sideConnectionOptions(
    purpose: 'probe' | 'full-scan' | 'quarantine' | 'dry-run',
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
    const { url, bounds } = this.#settings;
    return {
      url,
      options,
      clientId,
      protocolVersion,
      maxQos: this.#maxQos,
      largestPayload: bounds.payload,
      subscribeLimit: this.#subscribeLimit,
    };
  }
}
