/** The connections to one broker, one after the other, until mqttrep stops. session-loop.ts has the sessions on each of them. */

import type { Subscription } from '../core/subscriptions.ts';
import type { Connection } from './connection/connection.ts';
import { Connector } from './connector.ts';
import type { Identity } from './identity.ts';
import type { FoundLimits } from './limits-told.ts';
import type { ProtocolVersion } from './network/negotiation.ts';
import { OrderlyEnd } from './orderly-end.ts';
import type { Session } from './session.ts';
import { SessionLoop, type SessionLoopDeps } from './session-loop.ts';
import { CancellableDelay } from './timing/cancellable-delay.ts';
import { Gate } from './timing/gate.ts';

/** Brokers deliver a message some time after they acknowledged it to its writer. */
const DELIVERY_MS = 250;

export interface ConnectionLoopDeps extends SessionLoopDeps {
  /** Undefined until it is known. */
  readonly identity: () => Identity | undefined;
  /** Whether this is the first event after a suspension of the process. */
  readonly wasSuspended: () => boolean;
  /** A connection begins. */
  readonly began: () => void;
}

export class ConnectionLoop {
  readonly #deps: ConnectionLoopDeps;
  readonly #connector: Connector;
  readonly #sessions: SessionLoop;
  readonly #orderlyEnd: OrderlyEnd;
  readonly #retryDelay = new CancellableDelay();
  #connection: Connection | undefined;
  #connections = 0;
  #isStopping = false;
  /** Open when the identity is known, or is no longer needed. */
  readonly #identityGate = new Gate();

  constructor(deps: ConnectionLoopDeps) {
    this.#deps = deps;
    this.#orderlyEnd = new OrderlyEnd({ ...deps, session: () => this.session });
    this.#connector = new Connector({ ...deps, endInOrder: connection => this.#orderlyEnd.of(connection) });
    this.#sessions = new SessionLoop(deps, this.#connector);
  }

  get session(): Session | undefined {
    return this.#sessions.current;
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

  /** The seconds until the token of the connection ends; undefined without one. */
  get tokenSeconds(): number | undefined {
    return this.#connector.tokens.secondsLeft;
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
      if (this.#deps.settings.mode === 'dry-run' && this.#sessions.begun > 0) break;
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
    this.#sessions.resubscribe(subscriptions);
  }

  /** The reconciler has sent all publications of the session. */
  publishingStopped(session: number): void {
    this.#orderlyEnd.publishingStopped(session);
  }

  /** Receives no more messages. Those that brokers are delivering still arrive. */
  async unsubscribe(): Promise<void> {
    const { filters } = this.#sessions;
    await new Promise(resolve => setTimeout(resolve, DELIVERY_MS));
    if (this.session !== undefined && filters.length > 0) await this.#connection?.unsubscribe(filters);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#connector.giveUp();
    this.#identityGate.open();
    this.#retryDelay.cutShort();
    // Without a session the will tells that mqttrep is gone.
    if (this.session === undefined) this.destroy();
    else await this.session.stop();
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
      await this.#sessions.run(connection, identity);
    } catch (error) {
      if (!connection.hasProtocolError && !this.#isStopping)
        this.#connector.logSparsely('warn', `cannot subscribe (${(error as Error).message}); reconnecting`);
      connection.destroy();
    }
    const reason = await connection.closed;
    await this.#sessions.leave(connection);
    return reason;
  }

  /** A connection that is being opened has nothing old to tell. */
  #isCurrent(): boolean {
    // Before the check, which closes the connection after a suspension.
    const wasConnected = this.isConnected;
    return !(this.#deps.wasSuspended() && wasConnected);
  }
}
