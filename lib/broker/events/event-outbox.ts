/**
 * Publishes events on one connection, strictly in their order, and fences between them.
 *
 * Events stay packed until the window has room for them, so that only those in flight are objects. The thread of a broker has a
 * small young generation, and V8 copies each object that survives there.
 */

import { ErrorWithReasonCode } from 'mqtt';
import { Fifo } from '../../core/fifo.ts';
import type { QoS } from '../../core/policy.ts';
import { BatchReader } from '../../protocol/batch.ts';
import { EVENT_WINDOW, type EventRefusal, type FromEventLink } from '../../protocol/event-messages.ts';
import { type Delivery, readDelivery } from '../../protocol/event-records.ts';
import type { SentProperties } from '../../protocol/properties.ts';
import type { Connection } from '../connection/connection.ts';
import type { Pace } from '../connection/pace.ts';
import { packetSize } from '../connection/packet-size.ts';
import { CLOSED } from '../network/connection-errors.ts';
import type { EventHangups, InFlightEvents } from './event-hangups.ts';

type Publishing = Pick<Connection, 'publish'> & {
  readonly limits: Pick<Connection['limits'], 'maxQos' | 'retains' | 'maximumPacketSize' | 'receiveMaximum'>;
};

export interface EventOutboxDeps {
  readonly connection: Publishing;
  readonly session: number;
  readonly hangups: EventHangups;
  /** The broker's, as configured. */
  readonly bounds: { readonly maxLevels: number; readonly maxTopicLength: number };
  /** The properties of a delivery over MQTT 5, with its stamp; undefined over MQTT 3.1.1. */
  readonly properties: ((delivery: Delivery, expiry: number | undefined) => SentProperties) | undefined;
  /** Undefined where no control topic may be written. */
  readonly fenceTopic: string | undefined;
  /** Undefined without a limit of the rate. */
  readonly pace?: Pick<Pace, 'mayPublish' | 'forget'> | undefined;
  readonly post: (message: FromEventLink) => void;
}

interface Entry {
  readonly seq: number;
  isDone: boolean;
}

/** While so many publishes are in flight, acknowledgements are reported in groups of this size. */
const TOLD_TOGETHER = 64;

export class EventOutbox {
  readonly #deps: EventOutboxDeps;
  /** Not handed to the connection: an event that is sent alone is in flight. */
  readonly #waiting = new Fifo<BatchReader | { readonly nonce: number }>();
  /** The next event, if it was read and has to wait. */
  #next: Delivery | undefined;
  /** In their order, from the first one that is not done. */
  readonly #entries = new Fifo<Entry>();
  #inFlight = 0;
  readonly #window: number;
  #delivered = 0;
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
  }

  deliver(batch: ArrayBuffer): void {
    this.#waiting.push(new BatchReader(batch));
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
    const unfinished = [...this.#entries].filter(({ isDone }) => !isDone);
    const [first] = unfinished;
    const last = unfinished.at(-1);
    return first === undefined || last === undefined ? undefined : { first: first.seq, last: last.seq };
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
  #publishFrom(batch: BatchReader): boolean {
    while (this.#next !== undefined || !batch.done) {
      if (this.#inFlight >= this.#window || this.#isOver) return false;
      this.#next ??= readDelivery(batch);
      const { seq } = this.#next;
      if (this.#inFlight > 0 && (this.#isAlone || this.#deps.hangups.isAlone(seq))) return false;
      if (!this.#mayPublish) return false;
      const delivery = this.#next;
      this.#next = undefined;
      this.#publish(delivery);
    }
    return true;
  }

  #fence(nonce: number): void {
    const { connection, fenceTopic } = this.#deps;
    if (fenceTopic === undefined) return;
    connection.publish(fenceTopic, Buffer.from(String(nonce)), { qos: 1 }, () => undefined);
  }

  #publish(delivery: Delivery): void {
    const entry: Entry = { seq: delivery.seq, isDone: false };
    this.#entries.push(entry);
    const { connection, properties } = this.#deps;
    const { topic, payload, retain, qos, expiresAt } = delivery;
    const sent = properties?.(delivery, secondsUntil(expiresAt));
    const refusal = this.#refusal(delivery, sent);
    if (refusal !== undefined) {
      this.#refused(entry, refusal);
      return;
    }
    this.#inFlight++;
    this.#isAlone = this.#deps.hangups.isAlone(delivery.seq);
    const options = {
      qos,
      retain: retain && connection.limits.retains,
      ...(sent === undefined ? {} : { properties: sent as object }),
    };
    connection.publish(topic, payload, options, error => {
      this.#inFlight--;
      if (this.#isOver) return;
      if (error === undefined) this.#done(entry);
      else if (error instanceof ErrorWithReasonCode)
        this.#refused(entry, { cause: 'denied', reason: error.message });
      else if (error.message !== CLOSED) this.#refused(entry, { cause: 'too large', reason: error.message });
      this.#send();
    });
  }

  #refusal(
    { seq, topic, payload, qos }: Delivery,
    properties: SentProperties | undefined,
  ): Omit<EventRefusal, 'seq'> | undefined {
    const { hangups, bounds, connection } = this.#deps;
    if (hangups.isRefused(seq))
      return { cause: 'hangup', reason: 'the broker closed the connection on it repeatedly' };
    const tooLarge = (reason: string) => ({ cause: 'too large', reason }) as const;
    const { maximumPacketSize, maxQos } = connection.limits;
    if (maximumPacketSize < Number.POSITIVE_INFINITY) {
      const size = packetSize({ topic, payload, qos: Math.min(qos, maxQos) as QoS, properties });
      if (size > maximumPacketSize)
        return tooLarge(`its packet has ${size} bytes; the broker accepts ${maximumPacketSize}`);
    }
    if (topic.length * 3 > bounds.maxTopicLength && Buffer.byteLength(topic) > bounds.maxTopicLength)
      return tooLarge(`its topic is longer than ${bounds.maxTopicLength} bytes`);
    if (topic.length >= bounds.maxLevels && topic.split('/').length > bounds.maxLevels)
      return tooLarge(`its topic has more than ${bounds.maxLevels} levels`);
    return undefined;
  }

  #refused(entry: Entry, refusal: Omit<EventRefusal, 'seq'>): void {
    this.#deps.post({ kind: 'refused', session: this.#deps.session, seq: entry.seq, ...refusal });
    this.#done(entry);
  }

  #done(entry: Entry): void {
    entry.isDone = true;
    for (let { first } = this.#entries; first?.isDone === true; { first } = this.#entries) {
      this.#delivered = first.seq;
      this.#untold++;
      this.#entries.shift();
    }
    // Where the broker takes only QoS 0, fences tell what arrived.
    if (this.#isDue || this.#deps.connection.limits.maxQos === 0) return;
    // With so many in flight, further acknowledgements follow.
    if (this.#untold < TOLD_TOGETHER && this.#inFlight >= TOLD_TOGETHER) return;
    this.#isDue = true;
    setImmediate(() => this.#tell());
  }

  #tell(): void {
    this.#isDue = false;
    if (this.#isOver || this.#delivered === this.#told || this.#deps.connection.limits.maxQos === 0) return;
    this.#told = this.#delivered;
    this.#untold = 0;
    this.#deps.post({ kind: 'delivered', session: this.#deps.session, through: this.#told });
  }
}

/** For the message expiry, which is at least 1. */
function secondsUntil(time: number): number | undefined {
  return time === Number.POSITIVE_INFINITY ? undefined : Math.max(1, Math.ceil((time - Date.now()) / 1_000));
}
