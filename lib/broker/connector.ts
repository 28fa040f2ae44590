/** Connects to a broker: in which version of MQTT, with how much of the will, and how soon again after a failure. */

import type { QoS } from '../core/policy.ts';
import type { Report } from '../protocol/control-messages.ts';
import type { LogLevel } from '../protocol/messages.ts';
import type { BrokerSettings } from '../protocol/settings.ts';
import type { BrokerLog } from './broker-log.ts';
import { KnownCapabilities } from './capabilities/known-capabilities.ts';
import { SecondConnection } from './capabilities/second-connection.ts';
import { SentinelVisibility } from './capabilities/sentinel-visibility.ts';
import { CertificateWatch } from './certificate-watch.ts';
import { Connection } from './connection/connection.ts';
import { willQosOf } from './connection/will.ts';
import { TokenRenewal } from './credentials/token-renewal.ts';
import type { Identity } from './identity.ts';
import { Addresses } from './network/addresses.ts';
import { connectAdvice } from './network/connect-advice.ts';
import { ConnectError } from './network/connect-error.ts';
import { FirstAddress } from './network/first-address.ts';
import { Negotiation, type ProtocolVersion } from './network/negotiation.ts';
import { Retries } from './network/retries.ts';
import { TakeoverSigns } from './network/takeover-signs.ts';

/** A connection that stood this long was healthy: backoff starts again. */
const HEALTHY_AFTER_MS = 10_000;

/** The first address must answer for this time before mqttrep returns to it. */
const RETURN_AFTER_MS = 60_000;

export interface ConnectorDeps {
  readonly settings: BrokerSettings;
  readonly brokerLog: BrokerLog;
  readonly report: (report: Report) => void;
}

export interface ConnectionEnding {
  /** Ends the connection with nothing in flight, for another one that follows at once. */
  readonly endInOrder: (connection: Connection) => Promise<void>;
}

export class Connector {
  readonly capabilities = new KnownCapabilities();
  /** The connection beside the main one. */
  readonly second: SecondConnection;
  readonly sentinelVisibility: SentinelVisibility;
  readonly certificates: CertificateWatch;
  readonly tokens: TokenRenewal;
  readonly #deps: ConnectorDeps & ConnectionEnding;
  readonly #negotiation: Negotiation;
  readonly #retries: Retries;
  readonly #addresses: Addresses;
  readonly #takeoverSigns = new TakeoverSigns();
  readonly #giveUp = new AbortController();
  /** Resolves when there is no further attempt. */
  readonly #givenUp = new Promise<undefined>(resolve => {
    this.#giveUp.signal.addEventListener('abort', () => resolve(undefined));
  });
  /** When the last attempt succeeded, in milliseconds of `performance.now()`. */
  #connectedAt = 0;
  /** What the log last said of MQTT 5. */
  #fallbackLogged: string | undefined;
  /** Of the last CONNECT. */
  #willQos: QoS = 0;
  /** mqttrep has disconnected, to connect at the first address. */
  #isReturning = false;
  #clientId = '';
  /** How to fix the last attempt that failed, where that is known. */
  #advice: string | undefined;

  constructor(deps: ConnectorDeps & ConnectionEnding) {
    const { settings, brokerLog } = deps;
    const { options } = settings;
    this.#addresses = new Addresses(settings.url, settings.otherUrls);
    this.#deps = deps;
    this.certificates = new CertificateWatch((level, message) => brokerLog.write(level, message));
    this.tokens = new TokenRenewal({
      options,
      log: (level, message) => brokerLog.write(level, message),
    });
    this.#negotiation = new Negotiation(options['protocolVersion'] as ProtocolVersion | undefined);
    this.second = new SecondConnection(evidence => brokerLog.allowsOneConnection(evidence, this.#clientId));
    this.sentinelVisibility = new SentinelVisibility(scope => brokerLog.showsNoSentinel(scope));
    this.#retries = new Retries(options['reconnectPeriod'] as number | undefined);
  }

  /** The version of MQTT of the next connection. */
  get version(): ProtocolVersion {
    return this.#negotiation.version;
  }

  /**
   * Makes one attempt. Resolves with the connection, or with the milliseconds to wait before the next attempt.
   * @param isCurrent whether the bytes that have just arrived are to be read
   */
  async connect(identity: Identity, isCurrent: () => boolean): Promise<Connection | number> {
    this.#deps.report({ kind: 'link', state: 'connecting', detail: '' });
    identity.connectTo(this.#addresses.current);
    try {
      await this.#testControlTopics(identity);
      const { acceptsWill, willQos, maxQos } = this.capabilities.current;
      identity.lowerQos(maxQos);
      const presence = acceptsWill ? identity.presence : undefined;
      const options = {
        ...identity.connectionOptions(this.version, presence, willQos),
        resumesSession: this.tokens.isReconnecting,
        isCurrent,
      };
      this.#willQos = willQosOf(options);
      this.#clientId = identity.clientId;
      const connection = await Connection.open(options, this.#giveUp.signal);
      this.#connectedAt = performance.now();
      this.certificates.connected(connection.certificateEnds);
      // A dry run ends with its connection.
      if (!identity.isDryRun) this.tokens.connected(connection, () => this.#deps.endInOrder(connection));
      this.#negotiation.succeeded();
      this.#advice = undefined;
      this.capabilities.will.connected();
      this.#retries.accepted();
      if (willQos < 2) this.#deps.brokerLog.acceptsLessWill(this.capabilities.current);
      return connection;
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      return await this.#failed(error);
    }
  }

  /**
   * The connection was lost. Returns the milliseconds to wait before the next attempt.
   * @param isProvoked whether publishes of mqttrep may be the cause
   */
  lost({ hasProtocolError }: Connection, reason: string, isProvoked = false): number {
    if (hasProtocolError && this.#negotiation.protocolError()) {
      this.#deps.brokerLog.write('warn', `over MQTT 5 ${reason}; going on with MQTT 3.1.1`);
      return 1;
    }
    if (this.tokens.isReconnecting) return 1;
    if (this.#isReturning) {
      this.#isReturning = false;
      this.#addresses.restart();
      return 1;
    }
    const isShort = performance.now() - this.#connectedAt <= HEALTHY_AFTER_MS;
    if (!isShort) this.#retries.reset();
    if (!isShort || isProvoked) this.#addresses.restart();
    else if (this.#addresses.next()) return this.#tryNext(`connection lost (${reason})`);
    const { places } = this.#deps.settings;
    const advice = this.#takeoverSigns.lost(isShort, reason, this.#clientId, places);
    const wait = this.#retries.failed(isProvoked ? 'provoked' : 'network', Math.random());
    this.#deps.report({ kind: 'link', state: 'unreachable', detail: `${reason}${advice}` });
    this.logSparsely('warn', `connection lost (${reason})${advice}; retrying in ${seconds(wait)}`);
    return wait;
  }

  /**
   * Disconnects from another address when the first one has answered for a while.
   * @returns a function that ends the watch
   */
  watchFirst(identity: Identity, connection: Connection): () => void {
    if (this.#addresses.isFirst) return () => undefined;
    const { settings, brokerLog } = this.#deps;
    brokerLog.write('warn', `connected at ${this.#addresses.shown}, not at its first address`);
    const watch = new FirstAddress({
      returnAfter: settings.returnAfter ?? RETURN_AFTER_MS,
      tryFirst: async signal => {
        const options = identity.sideConnectionOptions('address', this.version);
        const tried = await Connection.open({ ...options, url: this.#addresses.first }, signal);
        await tried.end();
      },
      answersAgain: () => {
        brokerLog.write('info', 'its first address answers again; reconnecting there');
        this.#isReturning = true;
        void this.#deps.endInOrder(connection);
      },
    });
    return () => watch.end();
  }

  /** Ends the attempt in progress; there will be no other. */
  giveUp(): void {
    this.certificates.end();
    this.tokens.end();
    this.#giveUp.abort();
  }

  /** Logs what recurs with each attempt: the first, second, fourth, eighth… time. */
  logSparsely(level: LogLevel, message: string): void {
    this.#deps.brokerLog.write(this.#retries.isWorthLogging ? level : 'debug', message);
  }

  async #testControlTopics(identity: Identity): Promise<void> {
    const { capabilities } = this;
    if (!capabilities.controlTopics.isDue || identity.control === undefined) return;
    const { signal } = this.#giveUp;
    const open = () =>
      Connection.open(identity.sideConnectionOptions('probe', this.version), signal).catch(
        (error: unknown) => {
          if (!(error instanceof ConnectError && error.isRefusal)) throw error;
          // The broker may accept no other client id.
          return Connection.open(identity.connectionOptions(this.version, undefined, 0), signal);
        },
      );
    const finding = await capabilities.controlTopics.run(open, identity.control.of('probe'));
    const { brokerLog, settings } = this.#deps;
    if (finding !== undefined) brokerLog.write('warn', finding);
    identity.lowerQos(capabilities.current.maxQos);
    if (!capabilities.current.acceptsControlTopics) brokerLog.hangsUpOnControlTopics(settings.controlPrefix);
  }

  #tryNext(reason: string): number {
    this.logSparsely('warn', `${reason}; trying ${this.#addresses.shown}`);
    return 1;
  }

  #detailed({ message }: ConnectError): string {
    return this.#advice === undefined ? message : `${message}; ${this.#advice}`;
  }

  /** Without a CONNACK it is not known whether the version is the cause. */
  #logFallback({ message, code }: ConnectError): void {
    const fact = code === undefined ? 'no connection over MQTT 5' : 'the broker does not accept MQTT 5';
    const level = fact === this.#fallbackLogged ? 'debug' : 'info';
    this.#fallbackLogged = fact;
    this.#deps.brokerLog.write(level, `${fact} (${message}); trying MQTT 3.1.1`);
  }

  async #failed(error: ConnectError): Promise<number> {
    if (this.#giveUp.signal.aborted) return 0;
    if (this.capabilities.will.connectFailed(error, this.#willQos)) return 1;
    const { settings, report } = this.#deps;
    if (this.#negotiation.failed(error)) {
      this.#logFallback(error);
      return 1;
    }
    if (this.#addresses.next()) return this.#tryNext(`cannot connect (${error.message})`);
    const { isRefusal } = error;
    const wait = this.#retries.failed(isRefusal ? 'refusal' : 'network', Math.random());
    const state = isRefusal ? 'refused' : 'unreachable';
    report({ kind: 'link', state, detail: this.#detailed(error) });
    // If it was connected before, the settings are right. The server may have to be asked what it speaks.
    if (this.#connectedAt === 0 && this.#retries.isWorthLogging) {
      this.#advice = await Promise.race([connectAdvice(error, settings), this.#givenUp]);
      report({ kind: 'link', state, detail: this.#detailed(error) });
    }
    const advice = this.#advice === undefined ? '' : `; ${this.#advice}`;
    this.logSparsely(
      isRefusal ? 'error' : 'warn',
      `cannot connect (${error.message})${advice}; retrying in ${seconds(wait)}`,
    );
    return wait;
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
