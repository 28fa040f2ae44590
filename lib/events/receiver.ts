/**
 * What one broker delivers: past messages, redeliveries, our own echoes, and events. In this order, as docs/events.md has it.
 */

import { Fifo } from '../core/fifo.ts';
import { has } from '../core/policy.ts';
import type { EventSessionStarted } from '../protocol/event-messages.ts';
import type { Incoming, IncomingMessage } from '../protocol/event-records.ts';
import { AckGate } from './ack-gate.ts';
import type { Destination } from './destination.ts';
import type { EventClock } from './event-clock.ts';
import type { EventCounters } from './event-counters.ts';
import { type EventPolicies, recipientsOf } from './event-policies.ts';
import type { BrokerLedger } from './ledger/broker-ledger.ts';
import { contentHash } from './ledger/content-hash.ts';
import type { EventDraft, LoggedEvent } from './ledger/event-record.ts';

export interface ReceiverParts {
  readonly broker: number;
  readonly clock: EventClock;
  readonly counters: EventCounters;
  readonly destination: Destination;
  readonly policies: () => EventPolicies;
  readonly ledgerOf: () => BrokerLedger;
  /** Ids of all brokers, by index; empty for one without an id. */
  readonly ids: () => readonly string[];
  readonly hops: () => number;
  /** Whether the log has no room for events, and the brokers shall wait. */
  readonly isFull: () => boolean;
  readonly nextSeq: () => number;
  readonly log: (event: LoggedEvent) => void;
  /** The PUBACK of this message may be written after the next commit. */
  readonly release: (ordinal: number) => void;
}

/** A message of this session whose PUBACK was not written so far. */
interface Unacknowledged {
  readonly ordinal: number;
  readonly packetId: number;
  readonly hash: number;
}

interface Held {
  readonly message: IncomingMessage;
  readonly hash: number;
}

export class Receiver {
  readonly #parts: ReceiverParts;
  #gate = new AckGate();
  #session: EventSessionStarted | undefined;
  readonly #unacknowledged = new Fifo<Unacknowledged>();
  /** Of an event that passed no broker before. */
  #ownPath: readonly string[] = [];
  /** Events for which the log has no room. */
  #held: Held[] = [];

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
  }

  get gate(): AckGate {
    return this.#gate;
  }

  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  started(session: EventSessionStarted): void {
    this.#gate = new AckGate();
    this.#session = session;
    this.#unacknowledged.clear();
    this.#held = [];
  }

  /** The broker will deliver again what was not acknowledged. */
  ended(): void {
    const { recent } = this.#parts.ledgerOf();
    const { told } = this.#gate;
    for (const { ordinal, packetId, hash } of this.#unacknowledged)
      if (ordinal > told && recent.isNewest(packetId, hash)) recent.neverAcknowledged(packetId, hash);
    this.#session = undefined;
    this.#unacknowledged.clear();
    this.#held = [];
  }

  receive(incoming: Incoming): void {
    this.#gate.received(incoming.ordinal);
    switch (incoming.kind) {
      case 'fence':
        this.#parts.destination.fenceReturned(incoming.nonce);
        return;
      case 'echo':
        if (this.#parts.destination.stampedEcho(incoming.id, incoming.ordinal))
          this.#gate.hold(incoming.ordinal);
        return;
      case 'message':
        this.#message(incoming);
        return;
    }
  }

  /** The log has room again. */
  resume(): void {
    const held = this.#held;
    this.#held = [];
    for (const [index, { message, hash }] of held.entries()) {
      if (this.#parts.isFull()) {
        this.#held = held.slice(index);
        return;
      }
      this.#event(message, hash);
    }
  }

  /** Returns through which ordinal PUBACKs may be written now, if there are more. */
  takeAcknowledged(): number | undefined {
    const through = this.#gate.take();
    if (through !== undefined)
      while ((this.#unacknowledged.first?.ordinal ?? Number.POSITIVE_INFINITY) <= through)
        this.#unacknowledged.shift();
    return through;
  }

  #message(message: IncomingMessage): void {
    const { topic, payload, packetId, ordinal, dup } = message;
    const { counters, destination } = this.#parts;
    const isPast = message.retain && this.#session?.retainAsPublished !== true;
    const { isEvent, excluded } = this.#parts.policies().of(topic);
    if (isPast || !isEvent || has(excluded, this.#parts.broker)) {
      counters.ignored++;
      return;
    }
    const hash = contentHash(topic, payload);
    if (dup && this.#parts.ledgerOf().recent.isRedelivery(packetId, hash)) {
      counters.redeliveredDropped++;
      return;
    }
    const echo = destination.matchEcho(hash, packetId, ordinal);
    if (echo === 'pending') this.#gate.hold(ordinal);
    if (ordinal > 0) this.#unacknowledged.push({ ordinal, packetId, hash });
    if (echo === 'none') this.#eventOrHold(message, hash);
  }

  #eventOrHold(message: IncomingMessage, hash: number): void {
    this.#parts.counters.received++;
    // Held events keep their order.
    if (this.#held.length > 0 || this.#parts.isFull()) {
      this.#held.push({ message, hash });
      this.#gate.hold(message.ordinal);
    } else this.#event(message, hash);
  }

  #event(message: IncomingMessage, hash: number): void {
    const { topic, payload, packetId, properties, retain, expiry } = message;
    const { broker, clock } = this.#parts;
    const { recent, brokerId } = this.#parts.ledgerOf();
    const policy = this.#parts.policies().of(topic);
    const path = this.#pathOf(message, brokerId);
    // Without an id, the next replicator could not know that the event was here.
    const isFarEnough = path.length > (brokerId === '' ? 0 : this.#parts.hops());
    const recipients = isFarEnough ? 0 : recipientsOf(policy, broker, path, this.#parts.ids());
    this.#parts.release(message.ordinal);
    if (recipients === 0) {
      recent.add(hash, packetId, false);
      return;
    }
    const received = clock.now();
    const event: EventDraft = {
      kind: 'event',
      seq: this.#parts.nextSeq(),
      origin: broker,
      packetId,
      retain,
      received,
      expiresAt: received + Math.min(policy.expiry, expiry),
      recipients,
      path,
      topic,
      properties,
      // The message is a view of its batch, which would stay in memory as a whole.
      payload: Buffer.from(payload),
      hash,
    };
    if (expiry !== Number.POSITIVE_INFINITY) event.hasMessageExpiry = true;
    this.#parts.log(event);
  }

  /** Most events come from a client of the broker itself. */
  #pathOf({ path }: IncomingMessage, brokerId: string): readonly string[] {
    if (brokerId === '') return path;
    if (path.length > 0) return [...path, brokerId];
    if (this.#ownPath[0] !== brokerId) this.#ownPath = [brokerId];
    return this.#ownPath;
  }
}
