/** As whom we come to a broker: connection options, the probe's own, and the topics that are ours there. */

import { nanoid } from 'nanoid';
import { ControlTopics } from '../protocol/control-topics.ts';
import type { BrokerSettings, Start } from '../protocol/messages.ts';
import { Stamps } from '../protocol/stamps.ts';
import type { ConnectionOptions } from './connection/connection.ts';
import type { ProtocolVersion } from './connection/negotiation.ts';
import type { SubscribeLimit } from './connection/subscribe-limit.ts';
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
    const controlPrefix = mode === 'rehearse' ? undefined : settings.controlPrefix;
    this.#settings = settings;
    this.#subscribeLimit = subscribeLimit;
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

  /** Whether to start like this again would change nothing. */
  isOf({ replica, secret, clientId }: Start): boolean {
    const before = this.#start;
    return replica === before.replica && secret === before.secret && clientId === before.clientId;
  }

  /** @param presence whose will CONNECT is to bear; undefined where the broker does not bear it */
  connectionOptions(protocolVersion: ProtocolVersion, presence: Presence | undefined): ConnectionOptions {
    if (this.#settings.mode === 'rehearse') return this.besideOptions('dryrun', protocolVersion);
    const will = presence === undefined ? {} : { will: presence.will };
    return this.#options(this.clientId, protocolVersion, { ...this.#settings.options, ...will });
  }

  /** For a connection beside the one that replicates. It is not its heir: its end must not publish a will. */
  besideOptions(purpose: 'probe' | 'survey' | 'dryrun', protocolVersion: ProtocolVersion): ConnectionOptions {
    const { will: _will, ...options } = this.#settings.options;
    return this.#options(`${this.clientId}_${purpose}`, protocolVersion, {
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
    const { url, maxQos, bounds } = this.#settings;
    return {
      url,
      options,
      clientId,
      protocolVersion,
      maxQos,
      largestPayload: bounds.payload,
      subscribeLimit: this.#subscribeLimit,
    };
  }
}
