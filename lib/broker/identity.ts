/** As whom we come to a broker: connection options, the probe's own, and the topics that are ours there. */

import { nanoid } from 'nanoid';
import type { QoS } from '../core/policy.ts';
import { ControlTopics } from '../protocol/control-topics.ts';
import type { BrokerSettings } from '../protocol/messages.ts';
import type { ConnectionOptions } from './connection/connection.ts';
import type { ProtocolVersion } from './connection/negotiation.ts';
import type { SubscribeLimit } from './connection/subscribe-limit.ts';
import { Presence } from './presence.ts';
import { Sentinel } from './retained/sentinel.ts';
import type { StateTopics } from './state-topics.ts';

export class Identity {
  /** Undefined when mqttrep may write no topic of its own. */
  readonly control: ControlTopics | undefined;
  /** Undefined also when the user needs the will for something else. */
  readonly presence: Presence | undefined;
  readonly replica: string;
  readonly #settings: BrokerSettings;
  readonly #subscribeLimit: SubscribeLimit;
  /** The highest that the broker takes. */
  #maxQos: QoS;

  /**
   * @param noticed called once for each other replicator at the broker
   * @param state where it is to be said how mqttrep is
   * @param subscribeLimit what is known of the broker, over all connections to it
   */
  constructor(
    settings: BrokerSettings,
    replica: string,
    noticed: (replica: string) => void,
    state: StateTopics | undefined,
    subscribeLimit: SubscribeLimit,
  ) {
    const { mode, name, options } = settings;
    const controlPrefix = mode === 'rehearse' ? undefined : settings.controlPrefix;
    this.#settings = settings;
    this.#subscribeLimit = subscribeLimit;
    this.#maxQos = settings.maxQos;
    this.replica = replica;
    this.control = controlPrefix === undefined ? undefined : new ControlTopics(controlPrefix, replica, name);
    const isWillFree = options['will'] === undefined;
    this.presence = this.control && isWillFree ? new Presence(this.control, noticed, state) : undefined;
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
    if (this.#settings.mode === 'rehearse') return this.besideOptions('dryrun', protocolVersion);
    const { options, clientId } = this.#settings;
    const will = presence?.will ?? (options['will'] as { readonly qos?: QoS } | undefined);
    if (will === undefined) return this.#options(clientId, protocolVersion, options);
    const qos = Math.min(will.qos ?? 0, willQos, this.#maxQos) as QoS;
    return this.#options(clientId, protocolVersion, { ...options, will: { ...will, qos } });
  }

  /** For a connection beside the one that replicates. It is not its heir: its end must not publish a will. */
  besideOptions(
    purpose: 'probe' | 'survey' | 'trial' | 'dryrun',
    protocolVersion: ProtocolVersion,
  ): ConnectionOptions {
    const { will: _will, ...options } = this.#settings.options;
    return this.#options(`${this.#settings.clientId}_${purpose}`, protocolVersion, {
      ...options,
      clean: true,
    });
  }

  sentinel(purpose: 'replay' | 'probe' | 'survey'): Sentinel | undefined {
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
