/**
 * The broker actor: keeps one broker connected, and is the way between its socket and the reconciler.
 *
 *     socket → Connection → Intake ──observations──▶ reconciler ──publications──▶ Outbox → Connection → socket
 *
 * A lost network is no crash: the actor connects again, with backoff, and subscribes anew each time. It
 * decides nothing about messages.
 */

import type { IPublishPacket } from 'mqtt';
import { hasWildcards } from '../core/filter.ts';
import type { Subscription } from '../core/subscriptions.ts';
import { CONTROL_PREFIX } from '../protocol/control-topics.ts';
import type {
  BrokerSettings,
  Connections,
  FromBroker,
  LogLevel,
  Port,
  Report,
  Sampling,
  ToBroker,
} from '../protocol/messages.ts';
import type { BrokerMeasures } from '../protocol/questions.ts';
import { Concessions } from './concessions.ts';
import { ConnectError, Connection } from './connection.ts';
import { grantedLess } from './grants.ts';
import { Identity } from './identity.ts';
import { Intake } from './intake.ts';
import { measuresOf } from './measures.ts';
import { Negotiation, type ProtocolVersion } from './negotiation.ts';
import { Outgoing } from './outgoing.ts';
import type { Presence } from './presence.ts';
import { Remarks } from './remarks.ts';
import { Replay } from './replay.ts';
import { Retries } from './retries.ts';
import { Scanner, unknownAt } from './scanner.ts';
import { StateTopics } from './state-topics.ts';
import { Survey } from './survey.ts';

/** CONNACK codes for wrong credentials or missing rights, of MQTT 3.1.1 and of MQTT 5. */
const NOT_AUTHORIZED = new Set([0x04, 0x05, 0x86, 0x87, 0x8a, 0x8c]);

/** A connection that held so many milliseconds was healthy: backoff starts anew. */
const HEALTHY_AFTER = 10_000;

/** Milliseconds between the order to take no more in and the end of the subscriptions. */
const DELIVERY_GRACE = 250;

/** Messages of a persistent session that are kept until the marker is read. */
const MAX_EARLY = 10_000;

/** What is subscribed to as a session begins. */
interface Subscribing {
  readonly wanted: readonly Subscription[];
  /** Subscribed to so far on this connection; undefined on a new one. */
  readonly former: readonly Subscription[] | undefined;
}

/** From one comparison with the broker to the next: as long as one connection, or until the filters change. */
interface Session {
  readonly number: number;
  readonly connection: Connection;
  /** None where mqttrep may write no control topic, or the user's will stands in its place. */
  readonly presence: Presence | undefined;
  /** None where mqttrep may write no control topic: then absence cannot be told. */
  readonly scanner: Scanner | undefined;
  survey: Survey | undefined;
}

export class BrokerActor {
  readonly #settings: BrokerSettings;
  readonly #report: (report: Report) => void;
  readonly #negotiation: Negotiation;
  readonly #retries: Retries;
  readonly #intake: Intake;
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
  readonly #concessions = new Concessions();
  readonly #remarks: Remarks;
  readonly #outgoing: Outgoing;
  #stopping = false;
  /** Ends an attempt to connect. */
  readonly #giveUp = new AbortController();
  #wake: (() => void) | undefined;
  #start: () => void = () => undefined;
  /** Resolves when the reconciler is there, or when it will not be needed. */
  readonly #started = new Promise<void>(resolve => {
    this.#start = resolve;
  });

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
    this.#negotiation = new Negotiation(settings.options['protocolVersion'] as ProtocolVersion | undefined);
    this.#retries = new Retries(settings.options['reconnectPeriod'] as number | undefined);
    this.#remarks = new Remarks(settings.name, (level, message) =>
      report({ kind: 'log', level, message, at: Date.now() }),
    );
    this.#outgoing = new Outgoing({
      mode: settings.mode,
      controlPrefix: settings.controlPrefix ?? CONTROL_PREFIX,
      remarks: this.#remarks,
      report: settled => this.#post(settled),
    });
    this.#intake = new Intake({
      replica: () => this.#identity?.replica ?? '',
      controlPrefix: settings.controlPrefix ?? CONTROL_PREFIX,
      bounds: settings.bounds,
      log: message => this.#log('warn', message),
      sampling: settings.sampling,
      send: (batch, messages) => this.#post({ kind: 'observations', batch, messages }, [batch]),
    });
    reconciler.on('message', (message: ToBroker) => this.#receive(message));
  }

  /** Runs until `stop`; all that goes wrong with the network is dealt with inside. */
  async run(): Promise<void> {
    await this.#started;
    while (!this.#stopping && this.#identity !== undefined) {
      const wait = await this.#visit(this.#identity);
      // What a dry run believes to have published is not there: it would be misread at a return.
      if (this.#settings.mode === 'rehearse' && this.#sessions > 0) break;
      if (wait > 0 && !this.#stopping) await this.#pause(wait);
    }
    this.#reconciler.close();
  }

  /** The reconciler is a new one: it must be shown everything again. */
  attach(reconciler: Port<FromBroker, ToBroker>): void {
    this.#reconciler.close();
    this.#reconciler = reconciler;
    reconciler.on('message', (message: ToBroker) => this.#receive(message));
    this.#intake.reset();
    this.#session?.connection.destroy();
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
    if (this.#session !== undefined && filters.length > 0)
      await this.#session.connection.unsubscribe(filters);
    this.#intake.flush();
    this.#report({ kind: 'quiet' });
  }

  /** Says goodbye to the broker; `run` then ends. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#giveUp.abort();
    this.#start();
    this.#wake?.();
    const session = this.#session;
    if (session === undefined) {
      // The will says goodbye.
      this.#connection?.destroy();
      return;
    }
    await session.scanner?.close();
    await session.presence?.withdraw(session.connection);
    await session.connection.end();
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

  /** One attempt, and the session if it succeeds. Returns how long to wait before the next one. */
  async #visit(identity: Identity): Promise<number> {
    this.#report({ kind: 'link', state: 'connecting', detail: '' });
    let connection: Connection;
    try {
      await this.#settleTrial(identity);
      const presence = this.#concessions.will ? identity.presence : undefined;
      const options = identity.connectionOptions(this.#negotiation.version, presence);
      connection = await Connection.open(options, this.#giveUp.signal);
    } catch (error) {
      return this.#connectFailed(error);
    }
    const since = performance.now();
    const reason = await this.#stay(connection, identity);
    if (this.#stopping) return 0;
    if (performance.now() - since > HEALTHY_AFTER) this.#retries.reset();
    const wait = this.#retries.failed('network', Math.random());
    this.#report({ kind: 'link', state: 'unreachable', detail: reason });
    this.#logRarely('warn', `connection lost: ${reason}; next attempt in ${seconds(wait)}`);
    return wait;
  }

  /** From CONNACK to the end of the connection. Returns why it ended. */
  async #stay(connection: Connection, identity: Identity): Promise<string> {
    this.#negotiation.succeeded();
    this.#concessions.connected();
    this.#connection = connection;
    if (this.#stopping) connection.destroy();
    try {
      let former: readonly Subscription[] | undefined;
      while (!connection.hasEnded) former = await this.#holdSession(connection, identity, former);
    } catch (error) {
      this.#logRarely('warn', `subscribing failed: ${(error as Error).message}`);
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
    await this.#begin(connection, identity, { wanted, former });
    this.#ready(connection.protocolVersion, former === undefined ? 'connected' : 'subscribed anew');
    await Promise.race([changed, connection.closed]);
    await this.#leave(connection);
    return wanted;
  }

  /** Has the broker replay what it retains, first of all the marker: it tells what the rest is worth. */
  async #begin(connection: Connection, identity: Identity, { wanted, former }: Subscribing): Promise<void> {
    const mqtt5 = connection.protocolVersion === 5;
    const retains = connection.limits.retains && this.#concessions.retains;
    // Some brokers hang up on whoever writes what he may not, or anything retained.
    const writes = retains && this.#concessions.writes;
    const presence = writes ? identity.presence : undefined;
    const sentinel = writes ? identity.sentinel('replay') : undefined;
    const replay = new Replay(connection, sentinel, identity.control?.of('marker'));
    const early: IPublishPacket[] = [];
    const live = (packet: IPublishPacket, done: () => void) => {
      presence?.observe(packet);
      if (replay.observe(packet)) done();
      else this.#intake.take(packet, done);
    };
    const first = (packet: IPublishPacket, done: () => void) => {
      // Of a persistent session, which delivers before we have subscribed.
      if (!replay.observe(packet)) early.push(packet);
      if (early.length < MAX_EARLY) done();
    };
    connection.receive(former === undefined ? first : live);
    if (sentinel !== undefined) this.#concessions.writing();
    await replay.begin();
    const marker = await replay.readMarker();
    if (sentinel !== undefined) this.#concessions.written();

    this.#outgoing.open(connection, identity.replica, retains);
    const number = ++this.#sessions;
    this.#session = {
      number,
      connection,
      presence,
      scanner: writes ? this.#scanner(identity) : undefined,
      survey: undefined,
    };
    // On a connection that stands messages came all the time.
    this.#intake.flush();
    this.#post({ kind: 'session', session: number, stamps: mqtt5, retains, marker });
    this.#intake.mode = { mqtt5, replaying: true };
    for (const packet of early) this.#intake.take(packet, () => undefined);
    connection.receive(live);
    if (former === undefined) void presence?.announce(connection);
    const obsolete = former?.filter(({ filter }) => !wanted.some(one => one.filter === filter)) ?? [];
    // In one go with the SUBSCRIBE: what is subscribed to by another filter from now on is neither missed nor doubled.
    if (obsolete.length > 0) void connection.unsubscribe(obsolete.map(({ filter }) => filter));
    this.#remarks.refused(await replay.run(wanted));
    // A message that is still packed must not be overtaken.
    this.#intake.flush();
    this.#intake.mode = { mqtt5, replaying: false };
    this.#post({ kind: 'replayed', stamps: mqtt5 });
    const less = grantedLess(wanted, await replay.raise(wanted));
    this.#remarks.grantedLess(less);
    this.#outgoing.grantedLess(connection, less);
    if (!retains) this.#remarks.retainsNothing();
  }

  #ready(protocolVersion: ProtocolVersion, how: 'connected' | 'subscribed anew'): void {
    const version = { 3: 'MQTT 3.1', 4: 'MQTT 3.1.1', 5: 'MQTT 5' }[protocolVersion];
    this.#report({ kind: 'link', state: 'ready', detail: version });
    this.#log('info', how === 'connected' ? `connected with ${version}` : how);
  }

  /** The session is over. Where the connection stands, what is on its way arrives first. */
  async #leave(connection: Connection): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#intake.flush();
    this.#post({ kind: 'parted' });
    if (session === undefined) return;
    const endedBy = connection.hasEnded && !this.#stopping ? 'the other side' : 'us';
    await this.#outgoing.close(connection, endedBy);
    session.survey?.close();
    await session.scanner?.close();
  }

  /** What can be subscribed to at this broker. */
  #possible({ limits }: Connection): readonly Subscription[] {
    const subscriptions = this.#subscriptions;
    if (limits.wildcards) return subscriptions;
    this.#remarks.withoutWildcards(subscriptions);
    return subscriptions.filter(({ filter }) => !hasWildcards(filter));
  }

  /** Where it is unclear what the broker hangs up on, finds it out. */
  async #settleTrial(identity: Identity): Promise<void> {
    if (!this.#concessions.isTrialDue || identity.control === undefined) return;
    const options = identity.besideOptions('probe', this.#negotiation.version);
    const open = () => Connection.open(options, this.#giveUp.signal);
    await this.#concessions.settle(open, identity.control.of('probe'));
    if (!this.#concessions.writes) this.#remarks.hangsUpOnControlTopics(this.#settings.controlPrefix);
  }

  #scanner(identity: Identity): Scanner | undefined {
    const sentinel = identity.sentinel('probe');
    if (sentinel === undefined) return undefined;
    return new Scanner({
      options: identity.besideOptions('probe', this.#negotiation.version),
      sentinel,
      answer: answers => {
        // What came before the answer must not be taken for news after it.
        this.#intake.flush();
        this.#post({ kind: 'found', answers });
      },
    });
  }

  #probe({ scanner }: Session, topics: readonly string[]): void {
    if (scanner === undefined) this.#post({ kind: 'found', answers: topics.map(unknownAt) });
    else scanner.probe(topics);
  }

  /** Where no sentinel may be written, the end of what is shown could not be told from a pause. */
  async #survey(session: Session, identity: Identity): Promise<void> {
    const { controlPrefix = CONTROL_PREFIX, bounds } = this.#settings;
    const sentinel = session.scanner && identity.sentinel('survey');
    if (sentinel !== undefined && session.survey === undefined) {
      session.survey = new Survey({
        options: identity.besideOptions('survey', this.#negotiation.version),
        sentinel,
        subscriptions: this.#possible(session.connection),
        intake: { replica: () => identity.replica, controlPrefix, bounds },
        show: batch => {
          if (this.#session === session) this.#post({ kind: 'shown', batch }, [batch]);
        },
      });
      await session.survey.run();
      session.survey = undefined;
    }
    if (this.#session === session) this.#post({ kind: 'surveyed' });
  }

  // ── what goes wrong ────────────────────────────────────────────────────────────────────────────────

  #connectFailed(error: unknown): number {
    if (!(error instanceof ConnectError)) throw error;
    if (this.#stopping) return 0;
    if (this.#concessions.connectFailed(error)) return 1;
    if (this.#negotiation.failed(error)) {
      this.#log('info', `MQTT 5 is not accepted (${error.message}); trying MQTT 3.1.1`);
      return 1;
    }
    const refused = error.code !== undefined && NOT_AUTHORIZED.has(error.code);
    const wait = this.#retries.failed(refused ? 'refusal' : 'network', Math.random());
    this.#report({ kind: 'link', state: refused ? 'refused' : 'unreachable', detail: error.message });
    const mend = refused
      ? `; check MQTTREP_CLIENT_${this.#settings.name} and MQTTREP_CONFIG_${this.#settings.name}`
      : '';
    this.#logRarely(
      refused ? 'error' : 'warn',
      `cannot connect: ${error.message}${mend}; next attempt in ${seconds(wait)}`,
    );
    return wait;
  }

  async #pause(milliseconds: number): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  // ── to and from the reconciler ─────────────────────────────────────────────────────────────────────

  #receive(message: ToBroker): void {
    switch (message.kind) {
      case 'start':
        this.#identity = new Identity(
          this.#settings,
          message.replica,
          replica => this.#remarks.isNotAlone(replica, this.#connection?.protocolVersion),
          this.#stateTopics,
        );
        this.#start();
        return;
      case 'credit':
        this.#intake.credit(message.batches);
        return;
      case 'publications':
        if (message.session === this.#session?.number) this.#outgoing.add(message.batch);
        return;
      case 'probe':
        if (message.session === this.#session?.number) this.#probe(this.#session, message.topics);
        return;
      case 'survey':
        if (message.session === this.#session?.number && this.#identity !== undefined)
          void this.#survey(this.#session, this.#identity);
        return;
    }
  }

  #post(message: FromBroker, transfer: readonly ArrayBuffer[] = []): void {
    this.#reconciler.postMessage(message, transfer);
  }

  /** For what recurs with each retry. */
  #logRarely(level: LogLevel, message: string): void {
    this.#log(this.#retries.isWorthSaying ? level : 'debug', message);
  }

  #log(level: LogLevel, message: string): void {
    this.#remarks.say(level, message);
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
