/**
 * The connections to one broker, one after the other, with the sessions on each of them. A session ends with its connection, or
 * when the filters change; then another session begins on the same connection.
 */

import { hasWildcards } from '../core/filter.ts';
import type { Subscription } from '../core/subscriptions.ts';
import type { FromBroker, Report } from '../protocol/messages.ts';
import type { BrokerSettings } from '../protocol/settings.ts';
import type { BrokerLog } from './broker-log.ts';
import type { Connection } from './connection/connection.ts';
import type { ProtocolVersion } from './connection/negotiation.ts';
import { Connector } from './connector.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Identity } from './identity.ts';
import type { Ingress } from './incoming/ingress.ts';
import type { FoundLimits } from './limits-told.ts';
import type { Outgoing } from './outgoing/outgoing.ts';
import type { OwnMessages } from './own-messages.ts';
import { Session } from './session.ts';
import type { SessionDeps } from './session-deps.ts';
import { CancellableDelay } from './timing/cancellable-delay.ts';
import { Gate } from './timing/gate.ts';

/** Brokers deliver a message some time after they acknowledged it to its writer. */
const DELIVERY_MS = 250;

const VERSION_NAMES: Readonly<Record<ProtocolVersion, string>> = {
  3: 'MQTT 3.1',
  4: 'MQTT 3.1.1',
  5: 'MQTT 5',
};

export interface ConnectionLoopDeps {
  readonly settings: BrokerSettings;
  readonly brokerLog: BrokerLog;
  readonly report: (report: Report) => void;
  readonly ingress: Ingress;
  readonly inbound: SessionDeps['inbound'];
  readonly outgoing: Outgoing;
  readonly heartbeat: Heartbeat;
  readonly ownMessages: OwnMessages;
  /** Undefined until it is known. */
  readonly identity: () => Identity | undefined;
  /** Whether this is the first event after a suspension of the process. */
  readonly wasSuspended: () => boolean;
  /** A connection begins. */
  readonly began: () => void;
  /** To the reconciler. */
  readonly post: (message: FromBroker, transfer?: readonly ArrayBuffer[]) => void;
}

export class ConnectionLoop {
  readonly #deps: ConnectionLoopDeps;
  readonly #connector: Connector;
  readonly #retryDelay = new CancellableDelay();
  #subscriptions: readonly Subscription[];
  /** Tells the session in progress of new subscriptions. */
  #subscriptionsChanged: () => void = () => undefined;
  #connection: Connection | undefined;
  #session: Session | undefined;
  #sessions = 0;
  #connections = 0;
  #isStopping = false;
  /** Open when the identity is known, or is no longer needed. */
  readonly #identityGate = new Gate();

  constructor(deps: ConnectionLoopDeps) {
    this.#deps = deps;
    this.#subscriptions = deps.settings.subscriptions;
    this.#connector = new Connector(deps);
  }

  get session(): Session | undefined {
    return this.#session;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined && !this.#connection.hasEnded;
  }

  /** How many connections there were so far. */
  get connections(): number {
    return this.#connections;
  }

  /** The days until each certificate ends. */
  get certificateDays(): Connector['certificates']['days'] {
    return this.#connector.certificates.days;
  }

  /** Of the last connection, and what the tests found so far. */
  get found(): Pick<FoundLimits, 'connection' | 'capabilities' | 'acceptsSecondConnection'> {
    const { capabilities, second } = this.#connector;
    return {
      connection: this.#connection,
      capabilities: capabilities.current,
      acceptsSecondConnection: second.isPossible,
    };
  }

  get protocolVersion(): ProtocolVersion | undefined {
    return this.#connection?.protocolVersion;
  }

  /** Runs until `stop`; in a dry run, until the first connection ends. */
  async run(): Promise<void> {
    await this.#identityGate.passed;
    for (let identity = this.#nextIdentity; identity !== undefined; identity = this.#nextIdentity) {
      const wait = await this.#runConnection(identity);
      // A dry run counts messages as published that the broker does not have. At a return they would look deleted.
      if (this.#deps.settings.mode === 'dry-run' && this.#sessions > 0) break;
      if (wait > 0 && !this.#isStopping) await this.#retryDelay.last(wait);
      await this.#identityGate.passed;
    }
  }

  identityKnown(): void {
    this.#identityGate.open();
  }

  /** The identity is no longer known: there is no new connection before it is. */
  awaitIdentity(): void {
    this.#identityGate.close();
  }

  resubscribe(subscriptions: readonly Subscription[]): void {
    this.#subscriptions = subscriptions;
    this.#subscriptionsChanged();
  }

  /** Receives no more messages. Those that brokers are delivering still arrive. */
  async unsubscribe(): Promise<void> {
    const filters = this.#subscriptions.map(({ filter }) => filter);
    await new Promise(resolve => setTimeout(resolve, DELIVERY_MS));
    if (this.#session !== undefined && filters.length > 0) await this.#connection?.unsubscribe(filters);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#connector.giveUp();
    this.#identityGate.open();
    this.#retryDelay.cutShort();
    // Without a session the will tells that mqttrep is gone.
    if (this.#session === undefined) this.destroy();
    else await this.#session.stop();
  }

  /** Closes the connection. The loop goes on. */
  destroy(): void {
    this.#connection?.destroy();
  }

  /** Closes the connection, and drops what it brings until then. */
  abandon(): void {
    this.#connection?.receive((_packet, done) => done());
    this.destroy();
  }

  get #nextIdentity(): Identity | undefined {
    return this.#isStopping ? undefined : this.#deps.identity();
  }

  /** Makes one attempt. Resolves when its connection has ended, with the milliseconds to wait before the next one. */
  async #runConnection(identity: Identity): Promise<number> {
    const connection = await this.#connector.connect(identity, () => this.#isCurrent());
    if (typeof connection === 'number') return connection;
    const unwatch = this.#connector.watchFirst(identity, connection);
    const reason = await this.#runSessions(connection, identity);
    unwatch();
    if (this.#isStopping) return 0;
    const { isProvoked } = this.#deps.outgoing;
    const isTakeover = connection.wasHungUp && (await this.#connector.second.mainEnded(isProvoked));
    return this.#connector.lost(connection, reason, isProvoked || isTakeover);
  }

  /** From CONNACK to the end of the connection. Resolves with the reason of the end. */
  async #runSessions(connection: Connection, identity: Identity): Promise<string> {
    this.#connection = connection;
    this.#connections++;
    this.#deps.began();
    if (this.#isStopping || identity.clientId !== this.#deps.identity()?.clientId) connection.destroy();
    try {
      let former: readonly Subscription[] | undefined;
      while (!connection.hasEnded) former = await this.#runSession(connection, identity, former);
    } catch (error) {
      if (!connection.hasProtocolError && !this.#isStopping)
        this.#connector.logSparsely('warn', `cannot subscribe (${(error as Error).message}); reconnecting`);
      connection.destroy();
    }
    const reason = await connection.closed;
    await this.#leave(connection);
    return reason;
  }

  /** Resolves with the subscriptions when the connection ends, or the filters change. */
  async #runSession(
    connection: Connection,
    identity: Identity,
    former: readonly Subscription[] | undefined,
  ): Promise<readonly Subscription[]> {
    const changed = new Promise<void>(resolve => {
      this.#subscriptionsChanged = resolve;
    });
    const wanted = this.#possibleSubscriptions(connection);
    this.#deps.report({ kind: 'link', state: 'replaying', detail: '' });
    const session = new Session({
      ...this.#deps,
      number: this.#sessions + 1,
      connection,
      identity,
      protocolVersion: this.#connector.version,
      wanted,
      former,
      capabilities: this.#connector.capabilities,
      second: this.#connector.second,
      sentinelVisibility: this.#connector.sentinelVisibility,
    });
    const marker = await session.begin();
    this.#sessions++;
    this.#session = session;
    await session.replay(marker);
    this.#logReady(VERSION_NAMES[connection.protocolVersion], former !== undefined);
    await Promise.race([changed, connection.closed]);
    await this.#leave(connection);
    return wanted;
  }

  #logReady(version: string, isResubscribed: boolean): void {
    const { report, brokerLog } = this.#deps;
    report({ kind: 'link', state: 'ready', detail: version });
    brokerLog.write('info', isResubscribed ? 'subscribed to the new filters' : `connected with ${version}`);
  }

  /** The session is over. If the connection stands, publishes in flight are completed first. */
  async #leave(connection: Connection): Promise<void> {
    const { ingress, outgoing, post } = this.#deps;
    const session = this.#session;
    this.#session = undefined;
    ingress.flush();
    post({ kind: 'disconnected' });
    if (session === undefined) return;
    await Promise.all([session.close(), outgoing.close(connection)]);
  }

  /** A connection that is being opened has nothing old to tell. */
  #isCurrent(): boolean {
    // Before the check, which closes the connection after a suspension.
    const wasConnected = this.isConnected;
    return !(this.#deps.wasSuspended() && wasConnected);
  }

  /** Without filters with wildcards at a broker that does not support them. */
  #possibleSubscriptions({ limits }: Connection): readonly Subscription[] {
    const subscriptions = this.#subscriptions;
    if (limits.wildcards) return subscriptions;
    this.#deps.brokerLog.withoutWildcards(subscriptions);
    return subscriptions.filter(({ filter }) => !hasWildcards(filter));
  }
}
