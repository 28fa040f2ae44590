/**
 * One event connection, from CONNACK to its end.
 *
 *     socket → EventSession → EventBatches ──events──▶  event actor  ──deliver──▶ EventOutbox → socket
 *                                PUBACKs  ◀──durable──
 *
 * What the broker kept for the session comes directly behind CONNACK. It waits until the event actor knows of the session.
 */

import type { Subscription } from '../../core/subscriptions.ts';
import type { TopicModes } from '../../core/topic-modes.ts';
import {
  EVENT_WINDOW,
  type FromEventLink,
  type ToEventLink,
  UNSTAMPED_WINDOW,
} from '../../protocol/event-messages.ts';
import type { EventLinkSettings } from '../../protocol/event-settings.ts';
import type { BrokerSettings } from '../../protocol/settings.ts';
import type { Connection } from '../connection/connection.ts';
import type { Heartbeat } from '../connection/heartbeat.ts';
import type { Pace } from '../connection/pace.ts';
import type { IgnoredMessages } from '../incoming/ignored-messages.ts';
import type { Refusals } from '../incoming/refusals.ts';
import { EventBatches } from './event-batches.ts';
import type { EventHangups, InFlightEvents } from './event-hangups.ts';
import type { EventIdentity } from './event-identity.ts';
import { EventIngress } from './event-ingress.ts';
import { EventOutbox } from './event-outbox.ts';
import { subscribeToEvents } from './event-subscriptions.ts';
import { EventSurroundings } from './event-surroundings.ts';
import { ExpectedEchoes } from './expected-echoes.ts';
import { HeldOrdinals } from './held-ordinals.ts';
import { type LinkLog, logHolding } from './link-log.ts';

export interface EventSessionDeps {
  readonly connection: Connection;
  /** As the event actor numbers it. */
  readonly number: number;
  readonly broker: Pick<BrokerSettings, 'bounds' | 'maxLevels' | 'maxTopicLength'>;
  readonly settings: EventLinkSettings;
  readonly identity: EventIdentity;
  /** The beginning of mqttrep's own topics. */
  readonly controlPrefix: string;
  readonly modes: () => TopicModes;
  readonly hangups: EventHangups;
  readonly refusals: Refusals;
  readonly ignored: Pick<IgnoredMessages, 'count'>;
  readonly heartbeat: Pick<Heartbeat, 'begin' | 'observe' | 'end'>;
  readonly pace: Pace | undefined;
  readonly brokerLog: LinkLog;
  /** The filters that the session at the broker has, as far as this process knows. */
  readonly subscribed: readonly Subscription[];
  readonly post: (message: FromEventLink, transfer?: readonly ArrayBuffer[]) => void;
}

export class EventSession {
  readonly #deps: EventSessionDeps;
  readonly #batches: EventBatches;
  readonly #outbox: EventOutbox;
  readonly #ordinals: HeldOrdinals;
  /** Undefined where mqttrep may write no control topic. */
  readonly #surroundings: EventSurroundings | undefined;
  readonly #fenceTopic: string | undefined;
  readonly #stamps: boolean;
  #isQuiesced = false;
  #received = 0;
  #lastOrdinal = 0;
  /** Has the connection read on. */
  #continue: (() => void) | undefined;
  /** Of the session as it was announced to the event actor. */
  #started: { readonly mustHold: boolean; readonly brokerId: string | undefined } | undefined;

  constructor(deps: EventSessionDeps) {
    const { connection, number, identity, controlPrefix, post, hangups, broker, pace } = deps;
    this.#deps = deps;
    this.#stamps = connection.protocolVersion === 5;
    this.#fenceTopic = identity.topics?.of('fence');
    this.#batches = new EventBatches(number, post);
    this.#ordinals = new HeldOrdinals(ordinal => connection.acknowledgedThrough(ordinal));
    this.#surroundings = identity.topics && new EventSurroundings(connection, identity.topics, controlPrefix);
    const echoes = this.#stamps && deps.settings.echo ? new ExpectedEchoes() : undefined;
    this.#outbox = new EventOutbox({
      connection,
      session: number,
      hangups,
      bounds: broker,
      stamp: this.#stamps ? delivery => identity.stamps.of(delivery, identity.node) : undefined,
      echoes,
      fenceTopic: this.#fenceTopic,
      pace,
      post,
    });
    const ingress = new EventIngress({
      ...deps,
      hasStamps: this.#stamps,
      fenceTopic: this.#fenceTopic,
      echoes,
      batches: this.#batches,
      ordinals: this.#ordinals,
      control: message => {
        if (deps.heartbeat.observe(message)) return;
        this.#surroundings?.observe(message);
        this.#checkSurroundings();
      },
    });
    connection.holdAcknowledgements();
    connection.receive(
      (message, done) => {
        this.#received++;
        this.#lastOrdinal = Math.max(this.#lastOrdinal, message.ordinal ?? 0);
        if (!this.#isQuiesced) ingress.take(message);
        if (this.#batches.isBehind) this.#continue = done;
        else done();
      },
      ({ ordinal = 0 }, why) => {
        deps.ignored.count(why);
        this.#ordinals.keep(ordinal);
      },
    );
  }

  get number(): number {
    return this.#deps.number;
  }

  /** Messages that the broker has delivered so far. */
  get received(): number {
    return this.#received;
  }

  /** Some messages are not acknowledged: a broker may deliver nothing further until they are. */
  get isHolding(): boolean {
    return this.#batches.isBehind || this.#lastOrdinal > this.#ordinals.through;
  }

  /**
   * Subscribes, and tells the event actor of the session. Returns the filters that the session at the broker has.
   * @throws when the connection ends
   */
  async begin(): Promise<readonly Subscription[]> {
    const { connection, number, settings } = this.#deps;
    if (this.#fenceTopic !== undefined)
      await connection.subscribe([this.#fenceTopic], { qos: 1, replay: false, retainAsPublished: true });
    await this.#surroundings?.learn();
    await subscribeToEvents(connection, settings, this.#deps.subscribed, this.#deps.brokerLog);
    const { isPresent } = connection.session;
    const { maxQos, receiveMaximum } = connection.limits;
    const mustHold = this.#mustHold;
    const brokerId = this.#surroundings?.id;
    this.#started = { mustHold, brokerId };
    if (mustHold) logHolding(this.#deps.brokerLog, this.#surroundings?.others ?? []);
    this.#deps.post({
      kind: 'event-session',
      session: number,
      present: isPresent,
      stamps: this.#stamps,
      retainAsPublished: this.#stamps,
      echo: settings.echo || !this.#stamps,
      fences: this.#fenceTopic !== undefined,
      window: Math.min(receiveMaximum, this.#stamps ? EVENT_WINDOW : UNSTAMPED_WINDOW),
      acknowledges: maxQos > 0,
      brokerId,
      mustHold,
    });
    this.#batches.open();
    this.#beginHeartbeat();
    return settings.subscriptions;
  }

  /** A message of the event actor for this session. */
  receive(message: Extract<ToEventLink, { readonly session: number }>): void {
    switch (message.kind) {
      case 'deliver':
        this.#outbox.deliver(message.batch);
        return;
      case 'fence':
        this.#outbox.fence(message.nonce);
        return;
      case 'durable':
        this.#ordinals.durable(message.through);
        return;
      case 'event-credit':
        this.#credit(message.batches);
        return;
      case 'disconnect':
        this.#deps.brokerLog.write('warn', `events: ${message.reason}; connecting again`);
        this.#deps.connection.destroy();
        return;
    }
  }

  /** Takes no more messages. The broker delivers those of QoS 1 again in the next connection. */
  quiesce(): void {
    this.#batches.finish();
    this.#isQuiesced = true;
  }

  /** The connection has ended. Returns the events that have no acknowledgement. */
  ended(): InFlightEvents | undefined {
    this.#deps.heartbeat.end();
    this.#batches.finish();
    return this.#outbox.end();
  }

  /** Disconnects; the broker keeps the session. */
  async stop(): Promise<void> {
    this.#surroundings?.withdraw();
    await this.#deps.connection.end();
  }

  /** The topic of the sentinel is subscribed already, and nothing else comes under it any more. */
  #beginHeartbeat(): void {
    const { connection, identity, heartbeat } = this.#deps;
    const topic = identity.topics?.of('event-sentinel');
    heartbeat.begin(connection, topic, topic === undefined ? [] : [{ filter: topic, qos: 0 }]);
  }

  #credit(batches: number): void {
    this.#batches.credit(batches);
    if (this.#batches.isBehind) return;
    this.#continue?.();
    this.#continue = undefined;
  }

  /** Over MQTT 3.1.1 two replicators would take each other's publishes for writes of clients, for ever. */
  get #mustHold(): boolean {
    const { connection, settings } = this.#deps;
    const others = this.#surroundings?.others.size ?? 0;
    return connection.protocolVersion < 5 && others > 0 && !settings.isTree;
  }

  /** What the event actor was told of the session is no longer true: a new one begins. */
  #checkSurroundings(): void {
    if (this.#started === undefined) return;
    const { mustHold, brokerId } = this.#started;
    if (mustHold === this.#mustHold && brokerId === this.#surroundings?.id) return;
    this.#started = undefined;
    this.#deps.brokerLog.write(
      'info',
      mustHold === this.#mustHold
        ? 'the broker has another id under the control topics; connecting again for events'
        : 'another replicator with event topics came or went; connecting again for events',
    );
    void this.#deps.connection.end();
  }
}
