/**
 * The broker actor: keeps one broker connected, and is the way between its socket and the reconciler.
 *
 *     socket → Connection → Intake ──observations──▶ reconciler ──publications──▶ Outbox → Connection → socket
 *
 * A lost network is no crash: the actor connects again, with backoff, and subscribes anew each time. It
 * decides nothing about messages.
 */

import { hasWildcards } from '../core/filter.ts';
import type { Subscription } from '../core/subscriptions.ts';
import { CONTROL_PREFIX } from '../protocol/control-topics.ts';
import type {
  BrokerSettings,
  Connections,
  FromBroker,
  FullScanRequest,
  Port,
  Report,
  Sampling,
  Start,
  ToBroker,
} from '../protocol/messages.ts';
import type { BrokerMeasures } from '../protocol/requests.ts';
import { BrokerLog } from './broker-log.ts';
import { CancellableDelay } from './timing/cancellable-delay.ts';
import type { Connection } from './connection/connection.ts';
import { Connector } from './connector.ts';
import type { ProtocolVersion } from './connection/negotiation.ts';
import { SubscribeLimit } from './capabilities/subscribe-limit.ts';
import { Heartbeat } from './heartbeat.ts';
import { Identity } from './identity.ts';
import { Ingress } from './incoming/ingress.ts';
import { measuresOf } from './measures.ts';
import { Outgoing } from './outgoing/outgoing.ts';
import type { Encounters } from './presence.ts';
import { Session, type SessionDeps } from './session.ts';
import { StateTopics } from './state-topics.ts';

/** Milliseconds between the order to take no more in and the end of the subscriptions. */
const DELIVERY_GRACE = 250;

export class BrokerActor {
  readonly #settings: BrokerSettings;
  readonly #report: (report: Report) => void;
  readonly #connector: Connector;
  readonly #intake: Ingress;
  readonly #inbound: SessionDeps['inbound'];
  #subscriptions: readonly Subscription[];
  /** Tells of new subscriptions. */
  #changed: () => void = () => undefined;
  #reconciler: Port<FromBroker, ToBroker>;
  /** As whom we connect; undefined until the reconciler says. */
  #identity: Identity | undefined;
  #connection: Connection | undefined;
  readonly #stateTopics: StateTopics | undefined;
  #session: Session | undefined;
  #sessions = 0;
  readonly #brokerLog: BrokerLog;
  readonly #outgoing: Outgoing;
  readonly #subscribeLimit: SubscribeLimit;
  #stopping = false;
  readonly #retryDelay = new CancellableDelay();
  readonly #heartbeat = new Heartbeat(milliseconds => this.#wasSuspended(milliseconds));
  #start: () => void = () => undefined;
  /** Resolves when the reconciler has said who we are, or when it will not be needed. */
  #started = this.#untilStarted();

  constructor(
    settings: BrokerSettings,
    reconciler: Port<FromBroker, ToBroker>,
    report: (report: Report) => void,
  ) {
    this.#settings = settings;
    this.#subscriptions = settings.subscriptions;
    const { controlPrefix, stateTopics } = settings;
    if (stateTopics && controlPrefix !== undefined) this.#stateTopics = new StateTopics(controlPrefix);
    this.#reconciler = reconciler;
    this.#report = report;
    this.#brokerLog = new BrokerLog(settings.name, (level, message) =>
      report({ kind: 'log', level, message, at: Date.now() }),
    );
    this.#subscribeLimit = new SubscribeLimit(filters => this.#brokerLog.takesFilters(filters));
    this.#connector = new Connector({ settings, brokerLog: this.#brokerLog, report });
    this.#outgoing = new Outgoing({
      mode: settings.mode,
      controlPrefix: controlPrefix ?? CONTROL_PREFIX,
      limits: settings,
      brokerLog: this.#brokerLog,
      report: settled => this.#post(settled),
    });
    this.#inbound = {
      stamps: () => this.#identity?.stamps,
      controlPrefix: controlPrefix ?? CONTROL_PREFIX,
      bounds: settings.bounds,
    };
    this.#intake = new Ingress({
      ...this.#inbound,
      log: message => this.#brokerLog.say('warn', message),
      sampling: settings.sampling,
      send: (batch, messages) => this.#post({ kind: 'observations', batch, messages }, [batch]),
    });
    reconciler.on('message', (message: ToBroker) => this.#receive(message));
  }

  /** Runs until `stop`; all that goes wrong with the network is dealt with inside. */
  async run(): Promise<void> {
    this.#heartbeat.start();
    await this.#started;
    while (!this.#stopping && this.#identity !== undefined) {
      const wait = await this.#runSession(this.#identity);
      // What a dry run believes to have published is not there: it would be misread at a return.
      if (this.#settings.mode === 'dry-run' && this.#sessions > 0) break;
      if (wait > 0 && !this.#stopping) await this.#retryDelay.last(wait);
      await this.#started;
    }
    this.#heartbeat.stop();
    this.#reconciler.close();
  }

  /** The reconciler is a new one: it must be shown everything again, and may have lost its store. */
  attach(reconciler: Port<FromBroker, ToBroker>): void {
    this.#reconciler.close();
    this.#reconciler = reconciler;
    reconciler.on('message', (message: ToBroker) => this.#receive(message));
    this.#intake.reset();
    if (this.#identity !== undefined) this.#started = this.#untilStarted();
    this.#identity = undefined;
    if (this.#session !== undefined) this.#connection?.destroy();
  }

  /**
   * Subscribes to these instead. The connection stands: another session begins on it, in which the broker shows all
   * that it retains as if it had been away.
   */
  resubscribe(subscriptions: readonly Subscription[]): void {
    this.#subscriptions = subscriptions;
    this.#changed();
  }

  /** The connection to some broker is another way than it was. */
  connections(connections: Connections): void {
    this.#stateTopics?.update(connections);
  }

  /** The reconciler samples otherwise. */
  sample(sampling: Sampling): void {
    this.#intake.sampling = sampling;
  }

  /** Takes no more messages in; what arrived before is with the reconciler when this resolves. */
  async quiesce(): Promise<void> {
    const filters = this.#subscriptions.map(({ filter }) => filter);
    // Brokers deliver a moment after they acknowledged to the writer.
    await new Promise(resolve => setTimeout(resolve, DELIVERY_GRACE));
    if (this.#session !== undefined && filters.length > 0) await this.#connection?.unsubscribe(filters);
    this.#intake.flush();
    this.#report({ kind: 'quiet' });
  }

  /** Says goodbye to the broker; `run` then ends. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#connector.giveUp();
    this.#start();
    this.#retryDelay.cutShort();
    // Without a session the will says goodbye.
    if (this.#session === undefined) this.#connection?.destroy();
    else await this.#session.stop();
  }

  /** For who wants to know how the broker is. */
  get measures(): BrokerMeasures {
    return measuresOf(this.#intake.counters, this.#outgoing.counters, this.#outgoing.roundTrips);
  }

  /** Counts since the start of this actor. */
  get counters(): Readonly<Record<string, number>> {
    return { ...this.#intake.counters, ...this.#outgoing.counters };
  }

  // ── one connection ─────────────────────────────────────────────────────────────────────────────────

  /** One attempt, and what it leads to. Returns how many milliseconds to wait before the next one. */
  async #runSession(identity: Identity): Promise<number> {
    const connection = await this.#connector.connect(identity, () => this.#isCurrent());
    if (typeof connection === 'number') return connection;
    const reason = await this.#stay(connection, identity);
    if (this.#stopping) return 0;
    const { isProvoked } = this.#outgoing;
    const isTakeover = connection.wasHungUp && (await this.#connector.second.mainEnded(isProvoked));
    return this.#connector.lost(connection, reason, isProvoked || isTakeover);
  }

  /** From CONNACK to the end of the connection. Returns why it ended. */
  async #stay(connection: Connection, identity: Identity): Promise<string> {
    this.#connection = connection;
    if (this.#stopping || identity.clientId !== this.#identity?.clientId) connection.destroy();
    try {
      let former: readonly Subscription[] | undefined;
      while (!connection.hasEnded) former = await this.#holdSession(connection, identity, former);
    } catch (error) {
      if (!connection.hasProtocolError && !this.#stopping)
        this.#connector.sayRarely('warn', `subscribing failed: ${(error as Error).message}`);
      connection.destroy();
    }
    const reason = await connection.closed;
    await this.#leave(connection);
    return reason;
  }

  /** One session, until the connection ends or the filters change. Returns what is subscribed to then. */
  async #holdSession(
    connection: Connection,
    identity: Identity,
    former: readonly Subscription[] | undefined,
  ): Promise<readonly Subscription[]> {
    const changed = new Promise<void>(resolve => {
      this.#changed = resolve;
    });
    const wanted = this.#possible(connection);
    this.#report({ kind: 'link', state: 'replaying', detail: '' });
    const session = new Session({
      number: this.#sessions + 1,
      connection,
      identity,
      protocolVersion: this.#connector.version,
      wanted,
      former,
      intake: this.#intake,
      inbound: this.#inbound,
      outgoing: this.#outgoing,
      capabilities: this.#connector.capabilities,
      second: this.#connector.second,
      sentinelVisibility: this.#connector.sentinelVisibility,
      brokerLog: this.#brokerLog,
      post: (message, transfer) => this.#post(message, transfer),
    });
    const marker = await session.begin();
    this.#sessions++;
    this.#session = session;
    await session.replay(marker);
    this.#ready(connection.protocolVersion, former === undefined ? 'connected' : 'subscribed anew');
    await Promise.race([changed, connection.closed]);
    await this.#leave(connection);
    return wanted;
  }

  #ready(protocolVersion: ProtocolVersion, how: 'connected' | 'subscribed anew'): void {
    const version = { 3: 'MQTT 3.1', 4: 'MQTT 3.1.1', 5: 'MQTT 5' }[protocolVersion];
    this.#report({ kind: 'link', state: 'ready', detail: version });
    this.#brokerLog.say('info', how === 'connected' ? `connected with ${version}` : how);
  }

  /** The session is over. Where the connection stands, what is on its way arrives first. */
  async #leave(connection: Connection): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#intake.flush();
    this.#post({ kind: 'disconnected' });
    if (session === undefined) return;
    await Promise.all([session.close(), this.#outgoing.close(connection)]);
  }

  /** Of a connection that stands; one that is just being made has nothing old to tell. */
  #isCurrent(): boolean {
    const stands = this.#connection !== undefined && !this.#connection.hasEnded;
    return !(this.#heartbeat.check() && stands);
  }

  /**
   * What is not retained and waited meanwhile is dropped: with the session go what was to be published, and what the
   * broker sent us and was not read yet. What is retained is compared anew.
   */
  #wasSuspended(milliseconds: number): void {
    this.#intake.discard();
    this.#post({ kind: 'suspended' });
    if (this.#connection === undefined || this.#connection.hasEnded) return;
    this.#brokerLog.say(
      'warn',
      `mqttrep did not run for ${Math.round(milliseconds / 1000)} s (it or its machine was suspended): messages that waited and are not retained are dropped; connecting anew`,
    );
    this.#connection.receive((_packet, done) => done());
    this.#connection.destroy();
  }

  /** What can be subscribed to at this broker. */
  #possible({ limits }: Connection): readonly Subscription[] {
    const subscriptions = this.#subscriptions;
    if (limits.wildcards) return subscriptions;
    this.#brokerLog.withoutWildcards(subscriptions);
    return subscriptions.filter(({ filter }) => !hasWildcards(filter));
  }

  // ── to and from the reconciler ─────────────────────────────────────────────────────────────────────

  #untilStarted(): Promise<void> {
    return new Promise(resolve => {
      this.#start = resolve;
    });
  }

  /** Somebody else, if the store turns out to be lost after we have connected in the name that it began with. */
  #become(start: Start): void {
    const encounters: Encounters = {
      another: replica => this.#brokerLog.isNotAlone(replica, this.#connection?.protocolVersion),
      sameBroker: name => this.#report({ kind: 'same', as: name }),
      copyOfStore: topic => this.#brokerLog.hasCopyOfStore(topic),
    };
    const former = this.#identity;
    this.#identity = new Identity(this.#settings, start, encounters, this.#stateTopics, this.#subscribeLimit);
    this.#start();
    if (former !== undefined && !former.isOf(start)) this.#connection?.destroy();
  }

  #receive(message: ToBroker): void {
    switch (message.kind) {
      case 'start':
        this.#become(message);
        return;
      case 'credit':
        this.#intake.credit(message.batches);
        return;
      case 'publications':
        // After a suspension this may come before anything else does.
        this.#heartbeat.check();
        if (message.session === this.#session?.number) this.#outgoing.add(message.batch);
        return;
      case 'probe':
        if (message.session === this.#session?.number) this.#session.probe(message.topics, message.priority);
        return;
      case 'promote-probes':
        if (message.session === this.#session?.number) this.#session.promote(message.topics);
        return;
      case 'check-read-access':
        if (message.session === this.#session?.number) this.#session.proveReadable(message.parents);
        return;
      case 'full-scan':
        if (message.session === this.#session?.number) this.#runFullScan(this.#session, message);
        return;
    }
  }

  /** What a full scan does not show, the next one shows. */
  #runFullScan(session: Session, request: FullScanRequest): void {
    session
      .runFullScan(request)
      .catch((error: Error) => this.#brokerLog.say('warn', `the full scan failed: ${error.message}`));
  }

  #post(message: FromBroker, transfer: readonly ArrayBuffer[] = []): void {
    this.#reconciler.postMessage(message, transfer);
  }
}
