/**
 * How a broker is connected to: in which version of MQTT, without what it does not bear, and after a failure
 * how soon again.
 */

import type { QoS } from '../core/policy.ts';
import type { BrokerSettings, LogLevel, Report } from '../protocol/messages.ts';
import type { BrokerLog } from './broker-log.ts';
import { BrokerCapabilities } from './capabilities/known-capabilities.ts';
import type { Identity } from './identity.ts';
import { SentinelVisibility } from './capabilities/sentinel-visibility.ts';
import { ConnectError } from './connection/connect-error.ts';
import { Connection, type ConnectionOptions } from './connection/connection.ts';
import { Negotiation, type ProtocolVersion } from './connection/negotiation.ts';
import { Retries } from './connection/retries.ts';
import { SecondConnection } from './capabilities/second-connection.ts';

/** CONNACK codes for wrong credentials or missing rights, of MQTT 3.1.1 and of MQTT 5. */
const NOT_AUTHORIZED: ReadonlySet<number> = new Set([0x04, 0x05, 0x86, 0x87, 0x8a, 0x8c]);

/** A connection that held so many milliseconds was healthy: backoff starts anew. */
const HEALTHY_AFTER = 10_000;

export interface ConnectorDeps {
  readonly settings: BrokerSettings;
  readonly brokerLog: BrokerLog;
  readonly report: (report: Report) => void;
}

export class Connector {
  readonly capabilities = new BrokerCapabilities();
  /** Beside that one. */
  readonly second: SecondConnection;
  readonly sentinelVisibility: SentinelVisibility;
  readonly #deps: ConnectorDeps;
  readonly #negotiation: Negotiation;
  readonly #retries: Retries;
  readonly #giveUp = new AbortController();
  /** When the last attempt succeeded, in milliseconds of `performance.now()`. */
  #since = 0;
  /** Of the last CONNECT. */
  #willQos: QoS = 0;
  #isWillLogged = false;
  #clientId = '';

  constructor(deps: ConnectorDeps) {
    const { options } = deps.settings;
    this.#deps = deps;
    this.#negotiation = new Negotiation(options['protocolVersion'] as ProtocolVersion | undefined);
    const { brokerLog } = deps;
    this.second = new SecondConnection(evidence => brokerLog.takesOneConnection(evidence, this.#clientId));
    this.sentinelVisibility = new SentinelVisibility(tells => brokerLog.showsNoSentinel(tells));
    this.#retries = new Retries(options['reconnectPeriod'] as number | undefined);
  }

  /** The version of MQTT of the next connection. */
  get version(): ProtocolVersion {
    return this.#negotiation.version;
  }

  /**
   * One attempt. Returns the connection, or how many milliseconds to wait before the next attempt.
   * @param isCurrent asked before each piece that the network brings: whether it is to be read
   */
  async connect(identity: Identity, isCurrent: () => boolean): Promise<Connection | number> {
    const { report } = this.#deps;
    report({ kind: 'link', state: 'connecting', detail: '' });
    try {
      await this.#testWrites(identity);
      const presence = this.capabilities.will ? identity.presence : undefined;
      identity.lowerQos(this.capabilities.maxQos);
      const { willQos } = this.capabilities;
      const options = { ...identity.connectionOptions(this.version, presence, willQos), isCurrent };
      this.#willQos = willQosOf(options);
      this.#clientId = identity.clientId;
      const connection = await Connection.open(options, this.#giveUp.signal);
      this.#since = performance.now();
      this.#negotiation.succeeded();
      this.capabilities.connected();
      this.#retries.accepted();
      if (willQos < 2) this.#sayWillLowered();
      return connection;
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      return this.#failed(error);
    }
  }

  /**
   * The connection was lost. Returns how many milliseconds to wait before the next attempt.
   * @param isProvoked whether publishes of ours may be the reason
   */
  lost({ hasProtocolError }: Connection, reason: string, isProvoked = false): number {
    if (hasProtocolError && this.#negotiation.protocolError()) {
      this.#deps.brokerLog.say('warn', `over MQTT 5 ${reason}; going on with MQTT 3.1.1`);
      return 1;
    }
    if (performance.now() - this.#since > HEALTHY_AFTER) this.#retries.reset();
    const wait = this.#retries.failed(isProvoked ? 'provoked' : 'network', Math.random());
    this.#deps.report({ kind: 'link', state: 'unreachable', detail: reason });
    this.sayRarely('warn', `connection lost: ${reason}; next attempt in ${seconds(wait)}`);
    return wait;
  }

  /** Ends an attempt; there will be no other. */
  giveUp(): void {
    this.#giveUp.abort();
  }

  /** Says what recurs with each attempt. */
  sayRarely(level: LogLevel, message: string): void {
    this.#deps.brokerLog.say(this.#retries.isWorthSaying ? level : 'debug', message);
  }

  /** Where it is unclear what the broker hangs up on, finds it out. */
  async #testWrites(identity: Identity): Promise<void> {
    const { capabilities } = this;
    if (!capabilities.isWriteTestDue || identity.control === undefined) return;
    const { signal } = this.#giveUp;
    const open = () =>
      Connection.open(identity.sideConnectionOptions('probe', this.version), signal).catch(
        (error: unknown) => {
          if (!isRefusal(error)) throw error;
          // The broker may take no other client id.
          return Connection.open(identity.connectionOptions(this.version, undefined, 0), signal);
        },
      );
    const found = await capabilities.testWrites(open, identity.control.of('probe'));
    const { brokerLog, settings } = this.#deps;
    if (found !== undefined) brokerLog.say('warn', found);
    identity.lowerQos(capabilities.maxQos);
    if (!capabilities.writes) brokerLog.hangsUpOnControlTopics(settings.controlPrefix);
  }

  #sayWillLowered(): void {
    if (this.#isWillLogged) return;
    this.#isWillLogged = true;
    const { willQos, will } = this.capabilities;
    const outcome = will ? `a will with QoS ${willQos}` : 'no will';
    this.#deps.brokerLog.say(
      'info',
      `the broker did not accept CONNECT with a will of a higher QoS, and accepts it with ${outcome}`,
    );
  }

  #failed(error: ConnectError): number {
    if (this.#giveUp.signal.aborted) return 0;
    if (this.capabilities.connectFailed(error, this.#willQos)) return 1;
    const { settings, brokerLog, report } = this.#deps;
    if (this.#negotiation.failed(error)) {
      brokerLog.say('info', `MQTT 5 is not accepted (${error.message}); trying MQTT 3.1.1`);
      return 1;
    }
    const isRefused = isRefusal(error);
    const wait = this.#retries.failed(isRefused ? 'refusal' : 'network', Math.random());
    report({ kind: 'link', state: isRefused ? 'refused' : 'unreachable', detail: error.message });
    const mend = isRefused
      ? `; check MQTTREP_CLIENT_${settings.name} and MQTTREP_CONFIG_${settings.name}`
      : '';
    this.sayRarely(
      isRefused ? 'error' : 'warn',
      `cannot connect: ${error.message}${mend}; next attempt in ${seconds(wait)}`,
    );
    return wait;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof ConnectError && error.code !== undefined && NOT_AUTHORIZED.has(error.code);
}

function willQosOf({ options }: ConnectionOptions): QoS {
  return (options['will'] as { readonly qos?: QoS } | undefined)?.qos ?? 0;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
