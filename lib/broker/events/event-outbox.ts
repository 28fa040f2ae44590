/**
 * Publishes events on one connection, strictly in their order, and fences between them.
 *
 * Events stay packed until the window has room for them, and most are encoded from their bytes then. The thread of a broker has a
 * small young generation, and V8 copies each object that survives there.
 */

import { ErrorWithReasonCode } from 'mqtt';
import { Fifo } from '../../core/fifo.ts';
import type { QoS } from '../../core/policy.ts';
import { EVENT_WINDOW, type EventRefusal, type FromEventLink } from '../../protocol/event-messages.ts';
import { PackedDelivery } from '../../protocol/packed-delivery.ts';
import { sentProperties } from '../../protocol/properties.ts';
import type { Connection } from '../connection/connection.ts';
import type { EncodedAnswer, EncodedPublishes } from '../connection/encoded-publishes.ts';
import type { Pace } from '../connection/pace.ts';
import { packetSize } from '../connection/packet-size.ts';
import { CLOSED } from '../network/connection-errors.ts';
import type { EventHangups, InFlightEvents } from './event-hangups.ts';
import { EventPacket, type Stamp } from './event-packet.ts';
import { EventsInFlight } from './events-in-flight.ts';
import type { ExpectedEchoes } from './expected-echoes.ts';

type Publishing = Pick<Connection, 'publish'> & {
  /** As `Connection.encoded`. */
  encoded(answered: EncodedAnswer): Pick<EncodedPublishes, 'publish'> | undefined;
  readonly limits: Pick<Connection['limits'], 'maxQos' | 'retains' | 'maximumPacketSize' | 'receiveMaximum'>;
};

export interface EventOutboxDeps {
  readonly connection: Publishing;
  readonly session: number;
  readonly hangups: EventHangups;
  /** The broker's, as configured. */
  readonly bounds: { readonly maxLevels: number; readonly maxTopicLength: number };
  /** The stamp of an event over MQTT 5; undefined over MQTT 3.1.1. */
  readonly stamp: ((delivery: PackedDelivery) => Stamp) | undefined;
  /** Undefined where no stamp will come back. */
  readonly echoes: ExpectedEchoes | undefined;
  /** Undefined where no control topic may be written. */
  readonly fenceTopic: string | undefined;
  /** Undefined without a limit of the rate. */
  readonly pace?: Pick<Pace, 'mayPublish' | 'forget'> | undefined;
  readonly post: (message: FromEventLink) => void;
}

/** A larger payload is not copied into the packet. */
const MAX_ENCODED_BYTES = 8 * 1024;

/** More than what a packet has beside topic and payload, with the stamp of an event that has passed as many brokers as it may. */
const MAX_STAMP_BYTES = 4 * 1024;

/** While so many publishes are in flight, acknowledgements are reported in groups of this size. */
const TOLD_TOGETHER = 64;

export class EventOutbox {
  readonly #deps: EventOutboxDeps;
  /** Not handed to the connection: an event that is sent alone is in flight. */
  readonly #waiting = new Fifo<PackedDelivery | { readonly nonce: number }>();
  /** The event at which the first batch stands has to wait. */
  #hasNext = false;
  readonly #events = new EventsInFlight();
  readonly #packet = new EventPacket();
  readonly #encoded: Pick<EncodedPublishes, 'publish'> | undefined;
  #inFlight = 0;
  readonly #window: number;
  /** Done events since the last report. */
  #untold = 0;
  #told = 0;
  /** The last event that was published has to be in flight alone. */
  #isAlone = false;
  #isDue = false;
  #isSending = false;
  #isOver = false;

  readonly #again = () => this.#send();

  constructor(deps: EventOutboxDeps) {
    this.#deps = deps;
    this.#window = Math.min(EVENT_WINDOW, deps.connection.limits.receiveMaximum);
    this.#encoded = deps.connection.encoded((id, error) => this.#answered(this.#events.placeOf(id), error));
  }

  deliver(batch: ArrayBuffer): void {
    this.#waiting.push(new PackedDelivery(batch));
    this.#send();
  }

  /** Publishes a fence behind all deliveries so far. */
  fence(nonce: number): void {
    this.#waiting.push({ nonce });
    this.#send();
  }

  /** The connection has ended. Returns the events that have no acknowledgement. */
  end(): InFlightEvents | undefined {
    this.#tell();
    this.#isOver = true;
    this.#deps.pace?.forget(this.#again);
    return this.#events.unfinished;
  }

  /** Not recursive: a publish on a connection that has ended fails at once. */
  #send(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    this.#sendWaiting();
    this.#isSending = false;
  }

  #sendWaiting(): void {
    for (let { first } = this.#waiting; first !== undefined && !this.#isOver; { first } = this.#waiting) {
      if ('nonce' in first) {
        if (!this.#mayPublish) return;
        this.#fence(first.nonce);
      } else if (!this.#publishFrom(first)) return;
      this.#waiting.shift();
    }
  }

  /** If not, `#again` is called when the rate permits a publish. */
  get #mayPublish(): boolean {
    return this.#deps.pace?.mayPublish(this.#again) !== false;
  }

  /** Returns whether all events of the batch are published. */
  #publishFrom(batch: PackedDelivery): boolean {
    while (this.#hasNext || batch.next()) {
      this.#hasNext = true;
      if (this.#inFlight >= this.#window || this.#events.isFull || this.#isOver) return false;
      if (this.#inFlight > 0 && (this.#isAlone || this.#deps.hangups.isAlone(batch.seq))) return false;
      if (!this.#mayPublish) return false;
      this.#hasNext = false;
      this.#publish(batch);
    }
    return true;
  }

  #fence(nonce: number): void {
    const { connection, fenceTopic } = this.#deps;
    if (fenceTopic === undefined) return;
    connection.publish(fenceTopic, Buffer.from(String(nonce)), { qos: 1 }, () => undefined);
  }

  #publish(delivery: PackedDelivery): void {
    const place = this.#events.add(delivery.seq);
    const { connection, stamp, hangups } = this.#deps;
    const expiry = secondsUntil(delivery.expiresAt);
    const refusal = this.#refusal(delivery, expiry);
    if (refusal !== undefined) {
      this.#refused(place, refusal);
      return;
    }
    this.#inFlight++;
    this.#isAlone = hangups.isAlone(delivery.seq);
    const retain = delivery.retain && connection.limits.retains;
    if (this.#publishEncoded(delivery, place, expiry, retain)) return;
    const properties = stamp && sentProperties(delivery.properties, stamp(delivery), expiry);
    const options = { qos: delivery.qos, retain, ...(properties && { properties: properties as object }) };
    connection.publish(delivery.topic, delivery.payload, options, error => this.#answered(place, error));
  }

  /** Returns whether it did: not where the event needs a closer look, or there is no room in the window of the connection. */
  #publishEncoded(
    delivery: PackedDelivery,
    place: number,
    expiry: number | undefined,
    retain: boolean,
  ): boolean {
    const { stamp, echoes } = this.#deps;
    if (this.#encoded === undefined || delivery.qos === 0) return false;
    if (delivery.payloadEnd - delivery.payloadAt >= MAX_ENCODED_BYTES) return false;
    if (stamp !== undefined && delivery.hasProperties) return false;
    this.#packet.set(delivery, stamp?.(delivery), expiry, retain);
    const id = this.#encoded.publish(this.#packet);
    if (id === 0) return false;
    this.#events.identify(place, id);
    echoes?.expect(delivery.seq, this.#packet);
    return true;
  }

  #answered(place: number, error: Error | undefined): void {
    this.#inFlight--;
    if (this.#isOver) return;
    if (error === undefined) this.#done(place);
    else if (error instanceof ErrorWithReasonCode)
      this.#refused(place, { cause: 'denied', reason: error.message });
    else if (error.message !== CLOSED) this.#refused(place, { cause: 'too large', reason: error.message });
    this.#send();
  }

  #refusal(delivery: PackedDelivery, expiry: number | undefined): Omit<EventRefusal, 'seq'> | undefined {
    const { hangups, bounds, connection, stamp } = this.#deps;
    if (hangups.isRefused(delivery.seq))
      return { cause: 'hangup', reason: 'the broker closed the connection on it repeatedly' };
    const tooLarge = (reason: string) => ({ cause: 'too large', reason }) as const;
    const { maximumPacketSize, maxQos } = connection.limits;
    if (!isSurelySmaller(delivery, maximumPacketSize)) {
      const { topic, payload } = delivery;
      const qos = Math.min(delivery.qos, maxQos) as QoS;
      const properties = stamp && sentProperties(delivery.properties, stamp(delivery), expiry);
      const size = packetSize({ topic, payload, qos, properties });
      if (size > maximumPacketSize)
        return tooLarge(`its packet has ${size} bytes; the broker accepts ${maximumPacketSize}`);
    }
    const topicBytes = delivery.topicEnd - delivery.topicAt;
    if (topicBytes > bounds.maxTopicLength)
      return tooLarge(`its topic is longer than ${bounds.maxTopicLength} bytes`);
    if (topicBytes >= bounds.maxLevels && delivery.topic.split('/').length > bounds.maxLevels)
      return tooLarge(`its topic has more than ${bounds.maxLevels} levels`);
    return undefined;
  }

  #refused(place: number, refusal: Omit<EventRefusal, 'seq'>): void {
    const seq = this.#events.seqAt(place);
    this.#deps.post({ kind: 'refused', session: this.#deps.session, seq, ...refusal });
    this.#done(place);
  }

  #done(place: number): void {
    this.#untold += this.#events.done(place);
    // Where the broker takes only QoS 0, fences tell what arrived.
    if (this.#isDue || this.#deps.connection.limits.maxQos === 0) return;
    // With so many in flight, further acknowledgements follow.
    if (this.#untold < TOLD_TOGETHER && this.#inFlight >= TOLD_TOGETHER) return;
    this.#isDue = true;
    setImmediate(() => this.#tell());
  }

  #tell(): void {
    this.#isDue = false;
    const { delivered } = this.#events;
    if (this.#isOver || delivered === this.#told || this.#deps.connection.limits.maxQos === 0) return;
    this.#told = delivered;
    this.#untold = 0;
    this.#deps.post({ kind: 'delivered', session: this.#deps.session, through: this.#told });
  }
}

/** Whether the packet has fewer bytes than this, whatever its stamp is. */
function isSurelySmaller(delivery: PackedDelivery, bytes: number): boolean {
  if (bytes === Number.POSITIVE_INFINITY) return true;
  const { topicAt, topicEnd, payloadAt, payloadEnd, hasProperties } = delivery;
  return !hasProperties && topicEnd - topicAt + payloadEnd - payloadAt + MAX_STAMP_BYTES < bytes;
}

/** For the message expiry, which is at least 1. */
function secondsUntil(time: number): number | undefined {
  return time === Number.POSITIVE_INFINITY ? undefined : Math.max(1, Math.ceil((time - Date.now()) / 1_000));
}
