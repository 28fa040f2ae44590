/**
 * The event connection of one broker's worker, and the network to the broker.
 *
 * It does what event-messages.ts asks of a worker: it connects when the actor lets it. What the broker delivers is in
 * sim-event-inbound.ts, and what is published to it in sim-event-outbox.ts. Packets take time, and a cut loses those that travel.
 */

import type { EventPort } from '../../../lib/events/broker-events.ts';
import type { FromEventLink, ToEventLink } from '../../../lib/protocol/event-messages.ts';
import type { Delivery } from '../../../lib/protocol/event-records.ts';
import { deliveriesOf } from '../../support/deliveries-of.ts';
import type { Outgoing, SimEventBroker } from './sim-event-broker.ts';
import { SimEventInbound } from './sim-event-inbound.ts';
import { PUBLISH_WINDOW, SimEventOutbox } from './sim-event-outbox.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** More than any latency. */
const RECONNECT_MS = 40;

/** What an observer may object to. */
export interface LinkObserver {
  /** An event is handed to the socket. */
  publishing(broker: number, delivery: Delivery): void;
  fenceReturned(broker: number): void;
  /** The PUBACK of a message is written. */
  acknowledging(broker: number, message: Outgoing): void;
  connected(broker: number): void;
  /** Our publish was acknowledged. */
  acknowledged(broker: number, seq: number): void;
  /** A fence or an event is sent: the replicator is not silent. */
  traffic(): void;
}

interface Connection {
  isOpen: boolean;
  /** What travels to the broker arrives although the connection is closed. */
  arrives: boolean;
  readonly session: number;
  readonly inbound: SimEventInbound;
  readonly outbox: SimEventOutbox;
}

/** Mutations of the worker. */
export interface LinkMutation {
  readonly acknowledgesAtOnce?: boolean;
}

export class SimEventLink {
  readonly #index: number;
  readonly #broker: SimEventBroker;
  readonly #clock: VirtualClock;
  readonly #observer: LinkObserver;
  readonly #mutation: LinkMutation;
  /** Milliseconds for which a packet travels. */
  readonly #latency: number;
  #receiveAtActor: (message: FromEventLink) => void = () => undefined;
  #isDead = false;
  #cutUntil = 0;
  #connection: Connection | undefined;
  #node = '';

  constructor(
    index: number,
    broker: SimEventBroker,
    clock: VirtualClock,
    observer: LinkObserver,
    { latency, mutation }: { readonly latency: number; readonly mutation: LinkMutation },
  ) {
    this.#latency = latency;
    this.#index = index;
    this.#broker = broker;
    this.#clock = clock;
    this.#observer = observer;
    this.#mutation = mutation;
  }

  /** The end of the port that the actor gets. Messages cross it in their order, after a moment. */
  get port(): EventPort {
    return {
      on: (_event, listener) => {
        this.#receiveAtActor = message => this.#soon(() => listener(message));
      },
      postMessage: message => this.#soon(() => this.#receive(message)),
      close: () => undefined,
    };
  }

  /** The network is down for a while. `answersOnly`: what travels to the broker still arrives. */
  cut(milliseconds: number, answersOnly: boolean): void {
    this.#cutUntil = Math.max(this.#cutUntil, this.#clock.now() + milliseconds);
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#close(connection, answersOnly);
    this.#clock.after(RECONNECT_MS, () => {
      if (!this.#isDead) this.#receiveAtActor({ kind: 'ended', session: connection.session });
    });
  }

  /** The process is killed. */
  kill(answersOnly: boolean): void {
    this.#isDead = true;
    if (this.#connection !== undefined) this.#close(this.#connection, answersOnly);
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  #close(connection: Connection, answersOnly: boolean): void {
    this.#connection = undefined;
    connection.arrives = answersOnly;
    connection.isOpen = false;
    // What is still to arrive does so before the broker notices.
    if (answersOnly) this.#clock.after(this.#latency, () => this.#broker.disconnect());
    else this.#broker.disconnect();
  }

  #receive(message: ToEventLink): void {
    if (this.#isDead) return;
    if (message.kind === 'start-events') {
      this.#node = message.node;
      return;
    }
    if (message.kind === 'connect') {
      this.#clock.after(RECONNECT_MS, () => this.#connect(message.session));
      return;
    }
    const connection = this.#connection;
    if (message.kind === 'forget' || message.session !== connection?.session) return;
    switch (message.kind) {
      case 'deliver':
        connection.outbox.add(...deliveriesOf(message.batch));
        return;
      case 'fence':
        connection.outbox.add(message.nonce);
        return;
      case 'durable':
        connection.inbound.durable(message.through);
        return;
      case 'event-credit':
        connection.inbound.credit(message.batches);
        return;
      case 'disconnect':
        this.cut(0, false);
        return;
    }
  }

  #connect(session: number): void {
    if (this.#isDead) return;
    if (this.#clock.now() < this.#cutUntil) {
      this.#clock.after(RECONNECT_MS, () => this.#connect(session));
      return;
    }
    const connection: Connection = {
      isOpen: true,
      arrives: false,
      session,
      inbound: new SimEventInbound({
        session,
        acknowledgesAtOnce: this.#mutation.acknowledgesAtOnce === true,
        tell: message => this.#receiveAtActor(message),
        acknowledge: message => {
          this.#observer.acknowledging(this.#index, message);
          this.#toBroker(connection, () => this.#broker.acknowledge(message.packetId));
        },
        fenceReturned: () => this.#observer.fenceReturned(this.#index),
      }),
      outbox: new SimEventOutbox({
        isStamped: this.#broker.traits.isStamped,
        node: () => this.#node,
        send: (message, acknowledged) =>
          this.#toBroker(connection, () => {
            this.#broker.replicatorPublishes(message);
            if (acknowledged !== undefined) this.#toWorker(connection, acknowledged);
          }),
        publishing: delivery => this.#observer.publishing(this.#index, delivery),
        acknowledged: seq => {
          this.#observer.acknowledged(this.#index, seq);
          this.#receiveAtActor({ kind: 'delivered', session, through: seq });
        },
        traffic: () => this.#observer.traffic(),
      }),
    };
    this.#connection = connection;
    // What the broker kept comes at once behind CONNACK.
    const early: Outgoing[] = [];
    let isStarted = false;
    const present = this.#broker.connect({
      deliver: message =>
        this.#toWorker(connection, () => {
          if (isStarted) connection.inbound.arrived(message);
          else early.push(message);
        }),
    });
    this.#toWorker(connection, () => {
      isStarted = true;
      this.#observer.connected(this.#index);
      const { isStamped, name } = this.#broker.traits;
      this.#receiveAtActor({
        kind: 'event-session',
        session,
        present,
        stamps: isStamped,
        retainAsPublished: isStamped,
        echo: true,
        fences: true,
        window: PUBLISH_WINDOW,
        acknowledges: true,
        brokerId: `id of ${name}`,
        mustHold: false,
      });
      for (const message of early) connection.inbound.arrived(message);
    });
  }

  #toBroker(connection: Connection, action: () => void): void {
    this.#clock.after(this.#latency, () => {
      if (connection.isOpen || connection.arrives) action();
    });
  }

  #toWorker(connection: Connection, action: () => void): void {
    this.#clock.after(this.#latency, () => {
      if (connection.isOpen && !this.#isDead) action();
    });
  }

  #soon(action: () => void): void {
    this.#clock.after(0.1, () => {
      if (!this.#isDead) action();
    });
  }
}
