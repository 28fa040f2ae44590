/**
 * The event connection of one broker's worker, and the network to the broker.
 *
 * It does what event-messages.ts asks of a worker: it connects when the actor lets it, holds PUBACKs back until they are
 * durable, publishes within the window, and reports acknowledgements. Packets take time, and a cut loses those that travel.
 */

import type { EventPort } from '../../../lib/events/broker-events.ts';
import { BatchReader, BatchWriter } from '../../../lib/protocol/batch.ts';
import {
  EVENT_BATCHES_AHEAD,
  type FromEventLink,
  type ToEventLink,
} from '../../../lib/protocol/event-messages.ts';
import {
  type Delivery,
  type Incoming,
  NO_PATH,
  readDelivery,
  writeIncoming,
} from '../../../lib/protocol/event-records.ts';
import type { Outgoing, SimEventBroker, SimMessage } from './sim-event-broker.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** More than any latency. */
const RECONNECT_MS = 40;
const PUBLISH_WINDOW = 20;

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
  /** By ordinal, ascending: what has no PUBACK so far. */
  #unacknowledged: { readonly ordinal: number; readonly message: Outgoing }[] = [];
  #ordinal = 0;
  #durable = 0;
  #credit = EVENT_BATCHES_AHEAD;
  #incoming: Incoming[] = [];
  /** To be published, in order. */
  #outbox: (Delivery | number)[] = [];
  #inFlight: number[] = [];
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
      case 'deliver': {
        const reader = new BatchReader(message.batch);
        while (!reader.done) this.#outbox.push(readDelivery(reader));
        this.#publish(connection);
        return;
      }
      case 'fence':
        this.#outbox.push(message.nonce);
        this.#publish(connection);
        return;
      case 'durable':
        this.#durable = message.through;
        this.#acknowledge(connection);
        return;
      case 'event-credit':
        this.#credit += message.batches;
        this.#flush(connection);
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
    const connection: Connection = { isOpen: true, arrives: false, session };
    this.#connection = connection;
    this.#unacknowledged = [];
    this.#ordinal = 0;
    this.#durable = 0;
    this.#credit = EVENT_BATCHES_AHEAD;
    this.#incoming = [];
    this.#outbox = [];
    this.#inFlight = [];
    // What the broker kept comes at once behind CONNACK.
    const early: Outgoing[] = [];
    let isStarted = false;
    const present = this.#broker.connect({
      deliver: message =>
        this.#toWorker(connection, () => {
          if (isStarted) this.#arrived(connection, message);
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
      for (const message of early) this.#arrived(connection, message);
    });
  }

  #arrived(connection: Connection, message: Outgoing): void {
    const ordinal = ++this.#ordinal;
    this.#unacknowledged.push({ ordinal, message });
    this.#incoming.push(this.#incomingOf(message, ordinal));
    if (this.#mutation.acknowledgesAtOnce === true) this.#durable = ordinal;
    this.#acknowledge(connection);
    this.#flush(connection);
  }

  #incomingOf(message: Outgoing, ordinal: number): Incoming {
    const { tag, isStamped, topic, payload, packetId, dup, path } = message;
    if (tag.fence !== undefined) {
      return { kind: 'fence', ordinal, nonce: tag.fence };
    }
    if (isStamped && tag.seq !== undefined && tag.node !== undefined)
      return { kind: 'echo', ordinal, id: { node: tag.node, seq: tag.seq } };
    return {
      kind: 'message',
      ordinal,
      packetId,
      dup,
      retain: false,
      topic,
      payload: Buffer.from(payload),
      properties: '',
      expiry: Number.POSITIVE_INFINITY,
      path: isStamped ? path : NO_PATH,
    };
  }

  #flush({ session }: Connection): void {
    if (this.#credit === 0 || this.#incoming.length === 0) return;
    this.#credit--;
    const writer = new BatchWriter();
    for (const incoming of this.#incoming) {
      writeIncoming(writer, incoming);
      if (incoming.kind === 'fence') this.#observer.fenceReturned(this.#index);
    }
    this.#incoming = [];
    this.#receiveAtActor({ kind: 'events', session, batch: writer.take() });
  }

  #acknowledge(connection: Connection): void {
    for (let first = this.#unacknowledged[0]; first !== undefined; first = this.#unacknowledged[0]) {
      if (first.ordinal > this.#durable) return;
      this.#unacknowledged.shift();
      const { message } = first;
      this.#observer.acknowledging(this.#index, message);
      this.#toBroker(connection, () => this.#broker.acknowledge(message.packetId));
    }
  }

  #publish(connection: Connection): void {
    while (this.#outbox.length > 0 && this.#inFlight.length < PUBLISH_WINDOW) {
      const next = this.#outbox.shift();
      if (next === undefined) return;
      this.#observer.traffic();
      if (typeof next === 'number') {
        const fence = { topic: 'fence', payload: '', tag: { fence: next }, isStamped: false, path: NO_PATH };
        this.#toBroker(connection, () => this.#broker.replicatorPublishes(fence));
        continue;
      }
      this.#observer.publishing(this.#index, next);
      this.#inFlight.push(next.seq);
      const message = this.#messageOf(next);
      this.#toBroker(connection, () => {
        this.#broker.replicatorPublishes(message);
        this.#toWorker(connection, () => this.#acknowledged(connection, next.seq));
      });
    }
  }

  #messageOf({ topic, payload, seq, path }: Delivery): SimMessage {
    const { isStamped } = this.#broker.traits;
    const tag = { seq, node: this.#node };
    return { topic, payload: payload.toString(), tag, isStamped, path: isStamped ? path : NO_PATH };
  }

  #acknowledged(connection: Connection, seq: number): void {
    this.#observer.acknowledged(this.#index, seq);
    this.#inFlight = this.#inFlight.filter(other => other !== seq);
    this.#receiveAtActor({ kind: 'delivered', session: connection.session, through: seq });
    this.#publish(connection);
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
