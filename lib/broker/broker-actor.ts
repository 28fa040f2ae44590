/**
 * The broker actor keeps one broker connected, and passes messages between its socket and the reconciler.
 *
 *     socket → Connection → Ingress ──observations──▶ reconciler ──publications──▶ Outbox → Connection → socket
 *
 * A lost network is no crash: the actor connects again with backoff, and subscribes again each time. It decides nothing about
 * messages. connection-loop.ts has what happens on a connection, and broker-parts.ts how the parts are joined.
 */

import type { Subscription } from '../core/subscriptions.ts';
import { TopicModes } from '../core/topic-modes.ts';
import type { BrokerLimits } from '../protocol/answers.ts';
import type { Connections, OwnMessage, Report } from '../protocol/control-messages.ts';
import type { FromEventLink, ToEventLink } from '../protocol/event-messages.ts';
import type { FromBroker, Port, Start, ToBroker } from '../protocol/messages.ts';
import type { BrokerMeasures } from '../protocol/requests.ts';
import type { BrokerSettings, Sampling } from '../protocol/settings.ts';
import { assemble, type BrokerParts } from './broker-parts.ts';
import { Identity } from './identity.ts';
import { limitsTold } from './limits-told.ts';
import { measuresOf } from './measures.ts';
import type { Encounters } from './presence.ts';

export class BrokerActor {
  readonly #settings: BrokerSettings;
  readonly #report: (report: Report) => void;
  readonly #parts: BrokerParts;
  #reconciler: Port<FromBroker, ToBroker>;
  #modes: TopicModes;
  /** Undefined until the reconciler tells it. */
  #identity: Identity | undefined;

  constructor(
    settings: BrokerSettings,
    reconciler: Port<FromBroker, ToBroker>,
    report: (report: Report) => void,
  ) {
    this.#settings = settings;
    this.#modes = new TopicModes(settings.modes ?? []);
    this.#reconciler = reconciler;
    this.#report = report;
    this.#parts = assemble({
      settings,
      report,
      identity: () => this.#identity,
      modes: () => this.#modes,
      become: start => this.#become(start),
      wasSuspended: milliseconds => this.#wasSuspended(milliseconds),
      post: (message, transfer) => this.#post(message, transfer),
    });
    reconciler.on('message', (message: ToBroker) => this.#parts.messages.receive(message));
  }

  /** Runs until `stop`. Failures of the network do not end it. */
  async run(): Promise<void> {
    this.#parts.suspensionWatch.start();
    await this.#parts.connections.run();
    this.#parts.suspensionWatch.stop();
    this.#reconciler.close();
  }

  /** The reconciler is a new one. It must be shown everything again, and may have lost its store. */
  attach(reconciler: Port<FromBroker, ToBroker>): void {
    this.#reconciler.close();
    this.#reconciler = reconciler;
    reconciler.on('message', (message: ToBroker) => this.#parts.messages.receive(message));
    this.#parts.ingress.reset();
    if (this.#identity !== undefined) this.#parts.connections.awaitIdentity();
    this.#identity = undefined;
    if (this.#parts.connections.session !== undefined) this.#parts.connections.destroy();
  }

  /**
   * Subscribes to these filters instead. The connection stands. Another session begins on it, in which the broker shows all
   * that it retains, as after an absence.
   */
  resubscribe(subscriptions: readonly Subscription[]): void {
    this.#parts.connections.resubscribe(subscriptions);
  }

  /** The event actor is a new one. */
  attachEvents(actor: Port<FromEventLink, ToEventLink>): void {
    this.#parts.events.attach(actor);
  }

  /** Other topics are event topics. */
  configureEvents({ events, modes = [] }: Pick<BrokerSettings, 'events' | 'modes'>): void {
    this.#modes = new TopicModes(modes);
    this.#parts.events.configure(events, this.#modes);
  }

  /** The state of the connection to some broker has changed. */
  connections(connections: Connections): void {
    this.#parts.stateTopics?.update(connections);
  }

  /** Publishes messages of mqttrep itself, now and after each reconnect. */
  publishOwn(messages: readonly OwnMessage[], which: 'changed' | 'all'): void {
    this.#parts.ownMessages.update(messages, which);
  }

  /** The reconciler samples differently. */
  sample(sampling: Sampling): void {
    this.#parts.ingress.sampling = sampling;
  }

  /** Stops receiving. When it resolves, the reconciler has all messages that arrived before. */
  async quiesce(): Promise<void> {
    this.#parts.events.quiesce();
    await this.#parts.connections.unsubscribe();
    this.#parts.ingress.flush();
    this.#report({ kind: 'quiesced' });
  }

  /** Disconnects from the broker; `run` then ends. */
  async stop(): Promise<void> {
    await Promise.all([this.#parts.connections.stop(), this.#parts.events.stop()]);
  }

  get measures(): BrokerMeasures {
    const { ingress, ignored, outgoing, heartbeat, connections, events } = this.#parts;
    const { certificateDays, tokenSeconds } = connections;
    const measures = measuresOf(ingress.counters, ignored.counts, outgoing, heartbeat, events);
    return { ...measures, certificateDays, ...(tokenSeconds === undefined ? {} : { tokenSeconds }) };
  }

  /** What the broker allows, as far as is known. */
  get limits(): BrokerLimits {
    const { outgoing, subscribeLimit, connections } = this.#parts;
    const learned = { ...outgoing.learnedLimits, filters: subscribeLimit.filters };
    return limitsTold({ settings: this.#settings, learned, ...connections.found });
  }

  /** Counts since the start of this actor. */
  get counters(): Readonly<Record<string, number>> {
    const { ingress, outgoing, events } = this.#parts;
    return { ...ingress.counters, ...outgoing.counters, ...events.counters };
  }

  /**
   * Drops waiting messages that are not retained. With the session end the waiting publications, and the messages that the
   * broker sent and mqttrep did not read yet. Retained messages are compared again.
   */
  #wasSuspended(milliseconds: number): void {
    const { ingress, connections, brokerLog } = this.#parts;
    ingress.discard();
    this.#post({ kind: 'suspended' });
    if (!connections.isConnected) return;
    brokerLog.write(
      'warn',
      `mqttrep did not run for ${Math.round(milliseconds / 1000)} s (it or its machine was suspended); dropping the transient messages that waited, and reconnecting`,
    );
    connections.abandon();
  }

  /** The identity changes if the store turns out to be damaged after mqttrep connected under its first identity. */
  #become(start: Start): void {
    const { brokerLog, connections, events, stateTopics, subscribeLimit, pace } = this.#parts;
    const encounters: Encounters = {
      another: replica => brokerLog.isNotAlone(replica, connections.protocolVersion),
      sameBroker: name => this.#report({ kind: 'same-broker', otherName: name }),
      copyOfStore: topic => brokerLog.hasCopyOfStore(topic),
    };
    const former = this.#identity;
    this.#identity = new Identity(this.#settings, start, encounters, stateTopics, subscribeLimit, pace);
    connections.identityKnown();
    events.become(start);
    if (former !== undefined && !former.isOf(start)) connections.destroy();
  }

  #post(message: FromBroker, transfer: readonly ArrayBuffer[] = []): void {
    this.#reconciler.postMessage(message, transfer);
  }
}
