/**
 * A simulated broker: one persistent session of the replicator, and clients that write.
 *
 * It delivers with QoS 1 and a window, keeps what is unacknowledged, and delivers it again after a cut. What it does beside the
 * standard is configured: it gives packet ids in another way, leaves out the DUP flag, or denies that it has a session.
 */

/** What a message is, known to the world and not to the replicator. */
export interface Tag {
  /** A client wrote it: its number. */
  readonly client?: number;
  /** The replicator published it: the event's sequence number and log. */
  readonly seq?: number;
  readonly node?: string;
  readonly fence?: number;
}

export interface SimMessage {
  readonly topic: string;
  readonly payload: string;
  readonly tag: Tag;
  /** Whether its stamp can be read (MQTT 5). */
  readonly isStamped: boolean;
  readonly path: readonly string[];
}

export interface Outgoing extends SimMessage {
  readonly packetId: number;
  readonly dup: boolean;
}

/** What a subscriber of the broker sees. */
export interface Witnessed extends SimMessage {
  readonly by: 'client' | 'replicator';
  readonly at: number;
}

export interface BrokerTraits {
  readonly name: string;
  /** MQTT 5: stamps come back. */
  readonly isStamped: boolean;
  /** Messages that it delivers without an acknowledgement. */
  readonly window: number;
  readonly ids: 'ascending' | 'lowest free';
  readonly setsDup: boolean;
  /** CONNACK says 0 although there is a session. */
  readonly deniesSession: boolean;
}

/** The side of the replicator. */
export interface Subscriber {
  deliver(message: Outgoing): void;
}

export class SimEventBroker {
  readonly traits: BrokerTraits;
  readonly witnessed: Witnessed[] = [];
  /** Messages of clients that were dropped before the replicator could get them. */
  readonly lostWithSession = new Set<number>();
  /** Publishes of the replicator on these topics are acknowledged and dropped. */
  readonly denied = new Set<string>();
  readonly #now: () => number;
  #hasSession = false;
  #queue: SimMessage[] = [];
  #inFlight: Outgoing[] = [];
  #lastPacketId = 0;
  #subscriber: Subscriber | undefined;

  constructor(traits: BrokerTraits, now: () => number) {
    this.traits = traits;
    this.#now = now;
  }

  get hasSession(): boolean {
    return this.#hasSession;
  }

  /** Messages that it keeps for the replicator. */
  get kept(): number {
    return this.#queue.length + this.#inFlight.length;
  }

  clientWrites(topic: string, payload: string, client: number): void {
    this.#process({ topic, payload, tag: { client }, isStamped: false, path: [] }, 'client');
    if (!this.#hasSession) this.lostWithSession.add(client);
  }

  replicatorPublishes(message: SimMessage): void {
    if (message.tag.fence !== undefined) this.#enqueue(message);
    else if (!this.denied.has(message.topic)) this.#process(message, 'replicator');
  }

  /** Returns what CONNACK says about a session. */
  connect(subscriber: Subscriber): boolean {
    const present = this.#hasSession && !this.traits.deniesSession;
    this.#hasSession = true;
    this.#subscriber = subscriber;
    this.#inFlight = this.#inFlight.map(message => ({ ...message, dup: this.traits.setsDup }));
    for (const message of this.#inFlight) subscriber.deliver(message);
    this.#pump();
    return present;
  }

  disconnect(): void {
    this.#subscriber = undefined;
  }

  acknowledge(packetId: number): void {
    const index = this.#inFlight.findIndex(message => message.packetId === packetId);
    if (index >= 0) this.#inFlight.splice(index, 1);
    this.#pump();
  }

  /** The session is gone, with all that was kept in it. */
  loseSession(): void {
    for (const { tag } of [...this.#inFlight, ...this.#queue])
      if (tag.client !== undefined) this.lostWithSession.add(tag.client);
    this.#hasSession = false;
    this.#queue = [];
    this.#inFlight = [];
    this.#lastPacketId = 0;
    this.#subscriber = undefined;
  }

  #process(message: SimMessage, by: Witnessed['by']): void {
    this.witnessed.push({ ...message, by, at: this.#now() });
    this.#enqueue(message);
  }

  #enqueue(message: SimMessage): void {
    if (!this.#hasSession) return;
    this.#queue.push(message);
    this.#pump();
  }

  #pump(): void {
    while (this.#subscriber !== undefined && this.#inFlight.length < this.traits.window) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      const message = { ...next, packetId: this.#nextPacketId(), dup: false };
      this.#inFlight.push(message);
      this.#subscriber.deliver(message);
    }
  }

  #nextPacketId(): number {
    const used = new Set(this.#inFlight.map(({ packetId }) => packetId));
    let id = this.traits.ids === 'lowest free' ? 1 : (this.#lastPacketId % 65_535) + 1;
    while (used.has(id)) id = (id % 65_535) + 1;
    this.#lastPacketId = id;
    return id;
  }
}
