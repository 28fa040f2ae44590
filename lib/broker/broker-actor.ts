/**
 * The broker actor keeps one broker connected, and passes messages between its socket and the reconciler.
 *
 *     socket → Connection → Ingress ──observations──▶ reconciler ──publications──▶ Outbox → Connection → socket
 *
 * A lost network is no crash: the actor connects again with backoff, and subscribes again each time. It decides nothing about
 * messages. What happens on a connection is in connection-loop.ts.
 */

import type { Subscription } from '../core/subscriptions.ts';
import { TopicModes } from '../core/topic-modes.ts';
import type { BrokerLimits } from '../protocol/answers.ts';
import { CONTROL_PREFIX } from '../protocol/control-topics.ts';
import type { FromEventLink, ToEventLink } from '../protocol/event-messages.ts';
import type {
  Connections,
  FromBroker,
  FullScanRequest,
  OwnMessage,
  Port,
  Report,
  Start,
  ToBroker,
} from '../protocol/messages.ts';
import type { BrokerMeasures } from '../protocol/requests.ts';
import type { BrokerSettings, Sampling } from '../protocol/settings.ts';
import { BrokerLog } from './broker-log.ts';
import { SubscribeLimit } from './capabilities/subscribe-limit.ts';
import { ConnectionLoop } from './connection-loop.ts';
import { EventLink } from './events/event-link.ts';
import { Heartbeat } from './heartbeat.ts';
import { Identity } from './identity.ts';
import { Ingress } from './incoming/ingress.ts';
import { limitsTold } from './limits-told.ts';
import { measuresOf } from './measures.ts';
import { Outgoing } from './outgoing/outgoing.ts';
import { OwnMessages } from './own-messages.ts';
import type { Encounters } from './presence.ts';
import type { Session } from './session.ts';
import { StateTopics } from './state-topics.ts';
import { SuspensionWatch } from './suspension-watch.ts';

export class BrokerActor {
  readonly #settings: BrokerSettings;
  readonly #report: (report: Report) => void;
  readonly #brokerLog: BrokerLog;
  readonly #ingress: Ingress;
  readonly #outgoing: Outgoing;
  readonly #stateTopics: StateTopics | undefined;
  readonly #subscribeLimit: SubscribeLimit;
  readonly #connections: ConnectionLoop;
  readonly #events: EventLink;
  readonly #suspensionWatch = new SuspensionWatch(milliseconds => this.#wasSuspended(milliseconds));
  readonly #heartbeat: Heartbeat;
  readonly #ownMessages = new OwnMessages();
  #reconciler: Port<FromBroker, ToBroker>;
  #modes: TopicModes;
  /** Undefined until the reconciler tells it. */
  #identity: Identity | undefined;

  constructor(
    settings: BrokerSettings,
    reconciler: Port<FromBroker, ToBroker>,
    report: (report: Report) => void,
  ) {
    const { name, mode, sampling, bounds, controlPrefix: configuredPrefix, stateTopics } = settings;
    const controlPrefix = configuredPrefix ?? CONTROL_PREFIX;
    this.#settings = settings;
    this.#modes = new TopicModes(settings.modes ?? []);
    if (stateTopics && configuredPrefix !== undefined) this.#stateTopics = new StateTopics(controlPrefix);
    this.#reconciler = reconciler;
    this.#report = report;
    const brokerLog = new BrokerLog(name, (level, message) =>
      report({ kind: 'log', level, message, at: Date.now() }),
    );
    this.#brokerLog = brokerLog;
    this.#subscribeLimit = new SubscribeLimit(filters => brokerLog.limitsFilters(filters));
    this.#outgoing = new Outgoing({
      mode,
      controlPrefix,
      limits: settings,
      log: (level, message) => brokerLog.write(level, message),
      report: results => this.#post(results),
    });
    const inbound = { stamps: () => this.#identity?.stamps, controlPrefix, modes: () => this.#modes, bounds };
    this.#ingress = new Ingress({
      ...inbound,
      log: message => brokerLog.write('warn', message),
      sampling,
      send: (batch, messages) => this.#post({ kind: 'observations', batch, messages }, [batch]),
    });
    this.#heartbeat = new Heartbeat({
      periodMs: settings.heartbeatMs,
      brokerLog,
      received: () => this.#ingress.counters['received'] ?? 0,
      isHolding: () => this.#ingress.isHolding,
      cameBack: sentAt => this.#post({ kind: 'heartbeat', sentAt }),
    });
    this.#connections = new ConnectionLoop({
      settings,
      brokerLog,
      report,
      ingress: this.#ingress,
      inbound,
      outgoing: this.#outgoing,
      identity: () => this.#identity,
      heartbeat: this.#heartbeat,
      ownMessages: this.#ownMessages,
      wasSuspended: () => this.#suspensionWatch.check(),
      began: () => this.#events.stateBegan(),
      post: (message, transfer) => this.#post(message, transfer),
    });
    this.#events = new EventLink({
      broker: settings,
      brokerLog,
      subscribeLimit: this.#subscribeLimit,
      state: () => {
        const { isConnected, connections } = this.#connections;
        return { isConnected, connections };
      },
    });
    reconciler.on('message', (message: ToBroker) => this.#receive(message));
  }

  /** Runs until `stop`. Failures of the network do not end it. */
  async run(): Promise<void> {
    this.#suspensionWatch.start();
    await this.#connections.run();
    this.#suspensionWatch.stop();
    this.#reconciler.close();
  }

  /** The reconciler is a new one. It must be shown everything again, and may have lost its store. */
  attach(reconciler: Port<FromBroker, ToBroker>): void {
    this.#reconciler.close();
    this.#reconciler = reconciler;
    reconciler.on('message', (message: ToBroker) => this.#receive(message));
    this.#ingress.reset();
    if (this.#identity !== undefined) this.#connections.awaitIdentity();
    this.#identity = undefined;
    if (this.#connections.session !== undefined) this.#connections.destroy();
  }

  /**
   * Subscribes to these filters instead. The connection stands. Another session begins on it, in which the broker shows all
   * that it retains, as after an absence.
   */
  resubscribe(subscriptions: readonly Subscription[]): void {
    this.#connections.resubscribe(subscriptions);
  }

  /** The event actor is a new one. */
  attachEvents(actor: Port<FromEventLink, ToEventLink>): void {
    this.#events.attach(actor);
  }

  /** Other topics are event topics. */
  configureEvents({ events, modes = [] }: Pick<BrokerSettings, 'events' | 'modes'>): void {
    this.#modes = new TopicModes(modes);
    this.#events.configure(events, this.#modes);
  }

  /** The state of the connection to some broker has changed. */
  connections(connections: Connections): void {
    this.#stateTopics?.update(connections);
  }

  /** Publishes messages of mqttrep itself, now and after each reconnect. */
  publishOwn(messages: readonly OwnMessage[], which: 'changed' | 'all'): void {
    this.#ownMessages.update(messages, which);
  }

  /** The reconciler samples differently. */
  sample(sampling: Sampling): void {
    this.#ingress.sampling = sampling;
  }

  /** Stops receiving. When it resolves, the reconciler has all messages that arrived before. */
  async quiesce(): Promise<void> {
    this.#events.quiesce();
    await this.#connections.unsubscribe();
    this.#ingress.flush();
    this.#report({ kind: 'quiesced' });
  }

  /** Disconnects from the broker; `run` then ends. */
  async stop(): Promise<void> {
    await Promise.all([this.#connections.stop(), this.#events.stop()]);
  }

  get measures(): BrokerMeasures {
    const { certificateDays } = this.#connections;
    return { ...measuresOf(this.#ingress.counters, this.#outgoing, this.#heartbeat), certificateDays };
  }

  /** What the broker allows, as far as is known. */
  get limits(): BrokerLimits {
    const learned = { ...this.#outgoing.learnedLimits, filters: this.#subscribeLimit.filters };
    return limitsTold({ settings: this.#settings, learned, ...this.#connections.found });
  }

  /** Counts since the start of this actor. */
  get counters(): Readonly<Record<string, number>> {
    return { ...this.#ingress.counters, ...this.#outgoing.counters, ...this.#events.counters };
  }

  /**
   * Drops waiting messages that are not retained. With the session end the waiting publications, and the messages that the
   * broker sent and mqttrep did not read yet. Retained messages are compared again.
   */
  #wasSuspended(milliseconds: number): void {
    this.#ingress.discard();
    this.#post({ kind: 'suspended' });
    if (!this.#connections.isConnected) return;
    this.#brokerLog.write(
      'warn',
      `mqttrep did not run for ${Math.round(milliseconds / 1000)} s (it or its machine was suspended); dropping the transient messages that waited, and reconnecting`,
    );
    this.#connections.abandon();
  }

  /** The identity changes if the store turns out to be damaged after mqttrep connected under its first identity. */
  #become(start: Start): void {
    const encounters: Encounters = {
      another: replica => this.#brokerLog.isNotAlone(replica, this.#connections.protocolVersion),
      sameBroker: name => this.#report({ kind: 'same-broker', otherName: name }),
      copyOfStore: topic => this.#brokerLog.hasCopyOfStore(topic),
    };
    const former = this.#identity;
    this.#identity = new Identity(this.#settings, start, encounters, this.#stateTopics, this.#subscribeLimit);
    this.#connections.identityKnown();
    this.#events.become(start);
    if (former !== undefined && !former.isOf(start)) this.#connections.destroy();
  }

  #receive(message: ToBroker): void {
    switch (message.kind) {
      case 'start':
        this.#become(message);
        return;
      case 'credit':
        this.#ingress.credit(message.batches);
        return;
      case 'publications':
        // This may be the first event after a suspension.
        this.#suspensionWatch.check();
        if (this.#sessionOf(message) !== undefined) this.#outgoing.add(message.batch);
        return;
      case 'probe':
        this.#sessionOf(message)?.probe(message.topics, message.priority);
        return;
      case 'promote-probes':
        this.#sessionOf(message)?.promote(message.topics);
        return;
      case 'check-read-access':
        this.#sessionOf(message)?.proveReadable(message.parents);
        return;
      case 'heartbeat':
        this.#heartbeat.heard(message.from, message.sentAt);
        return;
      case 'full-scan':
        this.#runFullScan(message);
        return;
    }
  }

  /** Undefined if that session is over. */
  #sessionOf(message: { readonly session: number }): Session | undefined {
    const { session } = this.#connections;
    return session?.number === message.session ? session : undefined;
  }

  /** The next full scan makes up for one that fails. */
  #runFullScan(request: FullScanRequest): void {
    this.#sessionOf(request)
      ?.runFullScan(request)
      .catch((error: Error) => this.#brokerLog.write('warn', `the full scan failed (${error.message})`));
  }

  #post(message: FromBroker, transfer: readonly ArrayBuffer[] = []): void {
    this.#reconciler.postMessage(message, transfer);
  }
}
