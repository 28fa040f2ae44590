/**
 * The event link keeps a second connection to the broker, for events, and passes messages between it and the event actor. The
 * first connection must begin without a session, and this one must not.
 *
 * The event actor permits each connection by `connect`: until then it has not prepared for what the broker kept.
 */

import type { Subscription } from '../../core/subscriptions.ts';
import { TopicModes } from '../../core/topic-modes.ts';
import { CONTROL_PREFIX } from '../../protocol/control-topics.ts';
import type { FromEventLink, ToEventLink } from '../../protocol/event-messages.ts';
import type { EventLinkSettings } from '../../protocol/event-settings.ts';
import type { Port, Start } from '../../protocol/messages.ts';
import type { BrokerSettings } from '../../protocol/settings.ts';
import type { Connection } from '../connection/connection.ts';
import type { FilterLimit } from '../connection/filter-limit.ts';
import { Heartbeat } from '../connection/heartbeat.ts';
import type { Pace } from '../connection/pace.ts';
import type { IgnoredMessages } from '../incoming/ignored-messages.ts';
import { Refusals } from '../incoming/refusals.ts';
import { EventConnector } from './event-connector.ts';
import { EventHangups } from './event-hangups.ts';
import { type EventIdentity, identityOf } from './event-identity.ts';
import { EventSession } from './event-session.ts';
import { EventTurn } from './event-turn.ts';
import { type LinkLog, logReady } from './link-log.ts';
import { SecondPlace } from './second-place.ts';
import { type StateConnection, wasAlone } from './state-connection.ts';

export interface EventLinkDeps {
  readonly broker: BrokerSettings;
  readonly brokerLog: LinkLog;
  readonly subscribeLimit: FilterLimit;
  /** Of all connections to the broker; undefined without a limit. */
  readonly pace: Pace | undefined;
  readonly ignored: Pick<IgnoredMessages, 'count'>;
  /** The state connection as it is now. */
  readonly state: () => StateConnection;
}

export class EventLink {
  /** Messages that did not become events, by reason. */
  readonly counters: Record<string, number> = {};
  readonly #deps: EventLinkDeps;
  readonly #connector: EventConnector;
  readonly #place: SecondPlace;
  readonly #hangups = new EventHangups();
  readonly #refusals: Refusals;
  readonly #heartbeat: Heartbeat;
  readonly #turn: EventTurn;
  #settings: EventLinkSettings | undefined;
  #modes: TopicModes;
  #actor: Port<FromEventLink, ToEventLink> | undefined;
  #node: string | undefined;
  #start: Start | undefined;
  /** The session that the actor permits; undefined while none is. */
  #permitted: number | undefined;
  /** Of the last session, as the actor has it. */
  #brokerId: string | undefined;
  #isForgetting = false;
  #isStopping = false;
  #isQuiesced = false;
  #attempt = new AbortController();
  #connection: Connection | undefined;
  #session: EventSession | undefined;
  #subscribed: readonly Subscription[] = [];
  #running: Promise<void> | undefined;

  constructor(deps: EventLinkDeps) {
    const { broker, brokerLog } = deps;
    this.#deps = deps;
    this.#settings = broker.events;
    this.#modes = new TopicModes(broker.modes ?? []);
    this.#place = new SecondPlace(deps.state, (evidence, minutes) =>
      brokerLog.allowsNoEvents(evidence, minutes),
    );
    this.#turn = new EventTurn(this.#place);
    this.#connector = new EventConnector({ ...deps, place: this.#place });
    this.#refusals = new Refusals(this.counters, message => brokerLog.write('warn', `events: ${message}`));
    this.#heartbeat = new Heartbeat({
      periodMs: broker.heartbeatMs,
      log: (level, message) => brokerLog.write(level, `events: ${message}`),
      received: () => this.#session?.received ?? 0,
      isHolding: () => this.#session?.isHolding === true,
    });
  }

  /** Event connections that stood and carried nothing. */
  get silences(): number {
    return this.#heartbeat.silences;
  }

  /** The port leads to an event actor that is new. */
  attach(actor: Port<FromEventLink, ToEventLink>): void {
    this.#actor?.close();
    this.#actor = actor;
    this.#permitted = undefined;
    this.#isForgetting = false;
    this.#abandon();
    actor.on('message', (message: ToEventLink) => {
      if (actor === this.#actor) this.#receive(message);
    });
  }

  /** The identity of this replicator is known, or has changed. */
  become(start: Start): void {
    const before = this.#start;
    this.#start = start;
    if (before !== undefined && before.replica !== start.replica) this.#abandon();
    this.#run();
  }

  /** The state connection begins: now the broker may be asked for a second one. */
  stateBegan(): void {
    this.#place.stateBegan();
    this.#turn.stateBegan();
  }

  /** Goes on with other settings; with undefined the broker has no part in event topics any more. */
  configure(settings: EventLinkSettings | undefined, modes: TopicModes): void {
    this.#settings = settings;
    // What the session at the broker still has was an event when it was published.
    if (settings?.isDraining !== true) this.#modes = modes;
    // The session at the broker stays, so nothing is missed.
    this.#abandon();
    this.#run();
  }

  /** Takes no more messages, and acknowledges those that are durable. */
  quiesce(): void {
    this.#isQuiesced = true;
    this.#session?.quiesce();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#attempt.abort();
    this.#turn.cutShort();
    if (this.#session !== undefined) await this.#session.stop();
    else this.#connection?.destroy();
    await this.#running;
    this.#actor?.close();
  }

  get #identity(): EventIdentity | undefined {
    if (this.#start === undefined || this.#node === undefined) return undefined;
    return identityOf(this.#start, this.#node, this.#settings?.clientId, this.#deps.broker);
  }

  #abandon(): void {
    this.#attempt.abort();
    this.#attempt = new AbortController();
    this.#connection?.destroy();
    this.#turn.cutShort();
  }

  #receive(message: ToEventLink): void {
    switch (message.kind) {
      case 'start-events':
        this.#node = message.node;
        return;
      case 'connect':
        this.#permitted = message.session;
        this.#brokerId = message.brokerId;
        this.#run();
        return;
      case 'forget':
        this.#isForgetting = true;
        this.#abandon();
        this.#run();
        return;
    }
    if (message.session === this.#session?.number) this.#session.receive(message);
  }

  /** Connects, if it may and does not already. */
  #run(): void {
    this.#running ??= this.#connections().finally(() => {
      this.#running = undefined;
      // An order may have come in the last turn.
      if (this.#isWanted) this.#run();
    });
  }

  get #isWanted(): boolean {
    if (this.#isStopping || this.#identity === undefined) return false;
    if (this.#isForgetting) return true;
    return this.#permitted !== undefined && this.#settings !== undefined && !this.#isQuiesced;
  }

  async #connections(): Promise<void> {
    while (this.#isWanted) {
      const { signal } = this.#attempt;
      const hasCome = await this.#turn.came(!this.#isForgetting);
      if (signal.aborted || !this.#isWanted) {
        // An order that cuts the wait short is carried out at once.
        this.#turn.endPause();
        continue;
      }
      if (!hasCome && !this.#isForgetting) continue;
      this.#turn.pause(this.#isForgetting ? await this.#forget(signal) : await this.#connect(signal));
    }
  }

  /** Resolves when the connection has ended, with the milliseconds to wait before the next one. */
  async #connect(signal: AbortSignal): Promise<number> {
    const identity = this.#identity;
    const settings = this.#settings;
    const number = this.#permitted;
    if (identity === undefined || settings === undefined || number === undefined) return 0;
    const { broker, brokerLog, state } = this.#deps;
    const before = state();
    const connection = await this.#connector.connect(identity, settings, signal);
    if (typeof connection === 'number') return connection;
    this.#connection = connection;
    if (signal.aborted) connection.destroy();
    const yielding = this.#yieldIfTakeover(connection, before);
    const session = new EventSession({
      ...this.#deps,
      heartbeat: this.#heartbeat,
      connection,
      number,
      settings,
      identity,
      lastBrokerId: this.#brokerId,
      controlPrefix: broker.controlPrefix ?? CONTROL_PREFIX,
      modes: () => this.#modes,
      hangups: this.#hangups,
      refusals: this.#refusals,
      subscribed: this.#subscribed,
      post: (message, transfer = []) => this.#actor?.postMessage(message, transfer),
    });
    this.#session = session;
    const hasBegun = await session.begin().then(
      subscribed => {
        this.#subscribed = subscribed;
        logReady(brokerLog, connection, settings);
        return true;
      },
      (error: Error) => {
        if (!signal.aborted) brokerLog.write('debug', `events: ${error.message}`);
        connection.destroy();
        return false;
      },
    );
    const reason = await connection.closed;
    this.#session = undefined;
    this.#connection = undefined;
    const inFlight = session.ended();
    if (hasBegun && this.#permitted === number) {
      this.#permitted = undefined;
      this.#actor?.postMessage({ kind: 'ended', session: number }, []);
    }
    if (signal.aborted || this.#isStopping) return 0;
    const retry = await yielding;
    if (retry !== undefined) return retry;
    const isProvoked = connection.wasHungUp && inFlight !== undefined && (await wasAlone(before, state));
    if (isProvoked && inFlight !== undefined) this.#hangups.hungUp(inFlight);
    return this.#connector.lost(connection, reason, isProvoked);
  }

  /** Ends the connection if the broker has closed the state connection because of it. */
  async #yieldIfTakeover(connection: Connection, before: StateConnection): Promise<number | undefined> {
    const retry = await this.#place.opened(connection, before);
    if (retry !== undefined) connection.destroy();
    return retry;
  }

  async #forget(signal: AbortSignal): Promise<number> {
    const identity = this.#identity;
    if (identity === undefined) return 0;
    const wait = await this.#connector.forget(identity, signal);
    if (wait !== undefined) return wait;
    this.#isForgetting = false;
    this.#permitted = undefined;
    this.#subscribed = [];
    this.#deps.brokerLog.write('info', 'events: the session at the broker is removed');
    this.#actor?.postMessage({ kind: 'forgotten' }, []);
    return 0;
  }
}
