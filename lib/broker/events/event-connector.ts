/** Connects to a broker for events: with a session that the broker keeps, in which version of MQTT, and how soon again. */

import { EVENT_WINDOW } from '../../protocol/event-messages.ts';
import type { EventLinkSettings } from '../../protocol/event-settings.ts';
import type { BrokerSettings } from '../../protocol/settings.ts';
import { NameMap } from '../../routes/name-map.ts';
import { Connection } from '../connection/connection.ts';
import type { ConnectionOptions } from '../connection/connection-options.ts';
import type { FilterLimit } from '../connection/filter-limit.ts';
import type { Pace } from '../connection/pace.ts';
import { TokenRenewal } from '../credentials/token-renewal.ts';
import { Addresses } from '../network/addresses.ts';
import { ConnectError } from '../network/connect-error.ts';
import { Negotiation, type ProtocolVersion } from '../network/negotiation.ts';
import { type FailureCause, Retries } from '../network/retries.ts';
import type { EventIdentity } from './event-identity.ts';
import { eventOptions } from './event-options.ts';
import { OFFLINE } from './event-surroundings.ts';
import type { LinkLog } from './link-log.ts';
import type { SecondPlace } from './second-place.ts';

/** A connection that stood this long was healthy: backoff starts again. */
const HEALTHY_AFTER_MS = 2_000;

/** Two processes with one client id disconnect each other in turns. */
const TAKEOVER_RETRY_MS = 30_000;

export interface EventConnectorDeps {
  readonly broker: BrokerSettings;
  readonly brokerLog: LinkLog;
  readonly subscribeLimit: FilterLimit;
  /** Of all connections to the broker; undefined without a limit. */
  readonly pace: Pace | undefined;
  readonly place: SecondPlace;
}

export class EventConnector {
  readonly #deps: EventConnectorDeps;
  readonly #negotiation: Negotiation;
  readonly #retries: Retries;
  readonly #names: NameMap | undefined;
  readonly #addresses: Addresses;
  readonly #tokens: TokenRenewal;
  #connectedAt = 0;

  constructor(deps: EventConnectorDeps) {
    const { options } = deps.broker;
    this.#deps = deps;
    this.#tokens = new TokenRenewal({
      options,
      // The state connection has a token of the same option, and warns of it.
      log: (level, message) => deps.brokerLog.write(level === 'warn' ? 'debug' : level, `events: ${message}`),
    });
    this.#addresses = new Addresses(deps.broker.url, deps.broker.otherUrls);
    this.#names = deps.broker.names && new NameMap(deps.broker.names);
    this.#negotiation = new Negotiation(options['protocolVersion'] as ProtocolVersion | undefined);
    this.#retries = new Retries(options['reconnectPeriod'] as number | undefined);
  }

  /** Makes one attempt. Resolves with the connection, or with the milliseconds to wait before the next attempt. */
  async connect(
    identity: EventIdentity,
    settings: EventLinkSettings,
    signal: AbortSignal,
  ): Promise<Connection | number> {
    try {
      const connection = await Connection.open(this.#options(identity, settings.sessionExpiry), signal);
      this.#connectedAt = performance.now();
      this.#tokens.connected(connection, () => connection.end());
      this.#negotiation.succeeded();
      this.#retries.accepted();
      return connection;
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      return this.#failed(error);
    }
  }

  /** The connection was lost. Returns the milliseconds to wait before the next attempt. */
  lost(connection: Connection, reason: string, isProvoked: boolean): number {
    const { brokerLog } = this.#deps;
    if (connection.hasProtocolError && this.#negotiation.protocolError()) {
      brokerLog.write('warn', `events: over MQTT 5 ${reason}; going on with MQTT 3.1.1`);
      return 1;
    }
    this.#addresses.restart();
    if (this.#tokens.isReconnecting) return 1;
    if (connection.wasTakenOver) {
      brokerLog.write(
        'error',
        `events: another client has connected with the client id of mqttrep's event connection. If two copies of mqttrep run with one store, or with one client id, stop one of them; connecting again in ${seconds(TAKEOVER_RETRY_MS)}`,
      );
      return TAKEOVER_RETRY_MS;
    }
    if (performance.now() - this.#connectedAt > HEALTHY_AFTER_MS) this.#retries.reset();
    return this.#retryAfter(isProvoked ? 'provoked' : 'network', `connection lost (${reason})`);
  }

  /**
   * Removes the session at the broker, and the presence of this replicator with it.
   * @returns undefined, or the milliseconds to wait before the next attempt
   */
  async forget(identity: EventIdentity, signal: AbortSignal): Promise<number | undefined> {
    try {
      const options = this.#options(identity, 0);
      const { will: _will, ...others } = options.options;
      const connection = await Connection.open({ ...options, options: { ...others, clean: true } }, signal);
      this.#negotiation.succeeded();
      const topic = identity.topics?.of('events');
      if (topic !== undefined)
        connection.publish(topic, Buffer.alloc(0), { qos: 0, retain: true }, () => undefined);
      await connection.end();
      return undefined;
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      return this.#failed(error);
    }
  }

  #failed(error: ConnectError): number {
    if (this.#negotiation.failed(error)) return 1;
    // Another address may be worth trying at once.
    if (this.#addresses.next()) return 1;
    const retry = this.#deps.place.failed(error);
    if (retry !== undefined) return retry;
    return this.#retryAfter(error.isRefusal ? 'refusal' : 'network', `cannot connect (${error.message})`);
  }

  #retryAfter(cause: FailureCause, what: string): number {
    const wait = this.#retries.failed(cause, Math.random());
    // The state connection logs the same for the same cause.
    const level = !this.#retries.isWorthLogging ? 'debug' : cause === 'refusal' ? 'error' : 'info';
    this.#deps.brokerLog.write(level, `events: ${what}; retrying in ${seconds(wait)}`);
    return wait;
  }

  /** @param expiry seconds that the broker keeps the session (MQTT 5) */
  #options({ clientId, topics }: EventIdentity, expiry: number): ConnectionOptions {
    const { options, maxQos, maxPacketSize, maxInFlight, bounds } = this.#deps.broker;
    const will =
      topics === undefined
        ? {}
        : { will: { topic: topics.of('events'), payload: Buffer.from(OFFLINE), qos: 0, retain: true } };
    return {
      url: this.#addresses.current,
      options: { ...eventOptions(options, expiry), ...will },
      clientId,
      protocolVersion: this.#negotiation.version,
      maxQos,
      maxPacketSize,
      maxInFlight,
      largestPayload: bounds.payload,
      publishWindow: EVENT_WINDOW,
      names: this.#names,
      subscribeLimit: this.#deps.subscribeLimit,
      pace: this.#deps.pace,
    };
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
