/**
 * The lane of one connection: PUBLISH of QoS 0 and 1 and their acknowledgements, beside MQTT.js, which has all other packets. The
 * lane owns the transport. It gives MQTT.js a stream of the other packets, and gathers the writes of both into one a turn.
 *
 * Messages are handed on one at a time: the next one follows when the handler is done with the last. Meanwhile bytes are read on
 * and wait in memory, since brokers drop what a socket does not take; above a bound nothing more is read.
 */

import type { Duplex } from 'node:stream';
import type { MessageProperties, SentProperties } from '../../protocol/properties.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { ClientStream } from './client-stream.ts';
import type { EncodedPublish } from './encoded-publish.ts';
import { Handover, type MessageHandler } from './handover.ts';
import { LaneWrites, type PublishAnswer } from './lane-writes.ts';
import { LanePacketIds } from './packet-ids.ts';
import { PacketReader } from './packet-reader.ts';
import type { DecodedMessage } from './received-message.ts';
import type { Transport, TransportEvents } from './transport.ts';

/**
 * Bytes that are read ahead. Some brokers write all that they retain at once, and drop what the socket does not take. Measured:
 * more than half of 100,000 messages were dropped at the speed of a parser.
 */
const READ_AHEAD_BYTES = 32 * 1024 * 1024;

/** With fewer publishes in flight than this, a wait of a read would bound what can be sent. */
const SMALL_WINDOW = 128;

export interface LaneOptions {
  readonly mqtt5: boolean;
  /** Bytes of payload. In place of a larger message a stand-in arrives (stand-in.ts). */
  readonly largestPayload: number;
  /** Whether the bytes that have just arrived are to be read. */
  readonly isCurrent: () => boolean;
  /** The broker broke the protocol; called once, with what it sent. */
  readonly broken: (reason: string) => void;
}

export class Lane {
  readonly stream: ClientStream;
  /** Messages of QoS 0 and 1 that arrived, and those of them with the retain flag. */
  readonly received = { messages: 0, retained: 0 };
  readonly #options: LaneOptions;
  readonly #transport: Transport;
  readonly #reader: PacketReader;
  readonly #handover: Handover;
  readonly #writes: LaneWrites;
  readonly #acknowledgements: Acknowledgements;
  readonly #ids = new LanePacketIds();
  readonly #inFlight = new Map<number, (answer: PublishAnswer, id: number) => void>();
  #hasConnack = false;
  #isPaused = false;
  #emptied: () => void = () => undefined;
  /** What the broker sent that broke the protocol; undefined where it did not. */
  broken: string | undefined;
  /** Publishes of QoS 1 in flight at once: the window of the broker, or of mqttrep if that is smaller. */
  window = Number.POSITIVE_INFINITY;

  /** @param connect opens the network connection */
  constructor(options: LaneOptions, connect: (events: TransportEvents) => Transport) {
    const { mqtt5, largestPayload } = options;
    this.#options = options;
    this.#reader = new PacketReader({
      mqtt5,
      largestPayload,
      message: message => this.#message(message),
      puback: ({ id, reason }) => this.#answered(id, reason),
      other: packet => this.#other(packet),
      broken: reason => this.#breaks(reason),
    });
    this.#handover = new Handover({
      read: (chunk, start) => this.#reader.read(chunk, start),
      done: ({ qos, ordinal }) => {
        if (qos > 0) this.#acknowledgements.done(ordinal);
      },
      changed: () => this.#regulate(),
      ended: () => this.stream.push(null),
    });
    this.stream = new ClientStream({
      write: chunk => this.#writes.raw(chunk),
      end: () => {
        this.#writes.flush();
        this.#transport.end();
      },
      destroy: () => {
        this.stop();
        this.#transport.destroy();
      },
    });
    this.#transport = connect({
      isHeldUp: () => this.#inFlight.size >= this.window && this.window < SMALL_WINDOW,
      data: chunk => {
        const before = this.#acknowledgements.received;
        if (options.isCurrent()) this.#handover.data(chunk);
        return this.#acknowledgements.received - before;
      },
      closed: error => {
        if (error !== undefined || this.#handover.isOver) this.stream.destroy(error);
        else this.#handover.last();
      },
    });
    this.#writes = new LaneWrites(this.#transport, () => {
      this.#regulate();
      if (!this.#writes.isFull && this.stream.listenerCount('drain') > 0) this.stream.emit('drain');
    });
    this.#acknowledgements = new Acknowledgements(id => this.#writes.puback(id));
  }

  /** The network connection stands, or has stood. */
  get isReached(): boolean {
    return this.#transport.isReached;
  }

  /** The stream of the network connection, such as a TLSSocket; undefined with plain TCP. */
  get network(): Duplex | undefined {
    return this.#transport.stream;
  }

  /** Some bytes wait for the network. */
  get isWriting(): boolean {
    return this.#writes.isWriting;
  }

  /** A SUBSCRIBE or UNSUBSCRIBE with this many filters goes out. */
  expect(filters: number): void {
    this.#reader.expect(filters);
  }

  /** From now on `handler` receives the messages. They wait before. */
  receive(handler: MessageHandler): void {
    this.#handover.receive(handler);
  }

  /** From now on a message is acknowledged when `acknowledgedThrough` is called with its ordinal, or a later one. */
  holdAcknowledgements(): void {
    this.#acknowledgements.hold();
  }

  acknowledgedThrough(ordinal: number): void {
    this.#acknowledgements.through(ordinal);
  }

  /**
   * @param properties undefined over MQTT 3.1.1
   * @param answered called once, not in the same turn
   * @throws RangeError if the packet cannot be written as MQTT
   */
  publish(
    topic: string,
    payload: Buffer,
    qos: 0 | 1,
    retain: boolean,
    properties: MessageProperties | SentProperties | undefined,
    answered: (answer: PublishAnswer) => void,
  ): void {
    if (qos === 0) {
      this.#writes.publish(topic, payload, qos, retain, 0, properties);
      this.#writes.whenWritten(answered);
    } else {
      const id = this.#ids.next(this.#inFlight);
      this.#writes.publish(topic, payload, qos, retain, id, properties);
      this.#inFlight.set(id, answered);
    }
  }

  /**
   * @param answered called once, not in the same turn
   * @returns the packet identifier
   */
  publishEncoded(packet: EncodedPublish, answered: (answer: PublishAnswer, id: number) => void): number {
    const id = this.#ids.next(this.#inFlight);
    this.#writes.encoded(packet, id);
    this.#inFlight.set(id, answered);
    return id;
  }

  /** Resolves when no publish of QoS 1 is in flight; never, if the connection ends before. */
  async emptied(): Promise<void> {
    if (this.#inFlight.size === 0) return;
    await new Promise<void>(resolve => {
      this.#emptied = resolve;
    });
  }

  /** Nothing more is handed on. */
  stop(): void {
    this.#handover.stop();
  }

  /** The connection has ended: all publishes that are not answered fail, in their order. */
  ended(): void {
    this.stop();
    const unanswered = [...this.#inFlight];
    const unwritten = this.#writes.takeUnwritten();
    this.#inFlight.clear();
    for (const [id, answered] of unanswered) answered('ended', id);
    for (const answered of unwritten) answered('ended');
  }

  /** Returns whether the next message may follow at once. */
  #message(message: DecodedMessage): boolean {
    if (!this.#hasConnack) {
      this.#breaks('a PUBLISH before CONNACK');
      return false;
    }
    this.received.messages++;
    if (message.retain) this.received.retained++;
    if (message.qos > 0) {
      const ordinal = this.#acknowledgements.add(message.id);
      if (ordinal === undefined) {
        this.#breaks('more unacknowledged messages than there are packet identifiers');
        return false;
      }
      message.ordinal = ordinal;
    }
    return this.#handover.take(message);
  }

  #answered(id: number, reason: number): boolean {
    const answered = this.#inFlight.get(id);
    if (answered === undefined) return false;
    this.#inFlight.delete(id);
    answered(reason, id);
    if (this.#inFlight.size === 0) this.#emptied();
    return true;
  }

  #other(packet: Buffer): void {
    this.#hasConnack ||= (packet[0] as number) >> 4 === 2;
    this.stream.push(packet);
  }

  #breaks(reason: string): void {
    if (this.broken !== undefined) return;
    this.broken = reason;
    this.stop();
    this.#options.broken(reason);
  }

  /** Reads from the network, or does not, by what waits. */
  #regulate(): void {
    const isPaused = this.#handover.waitingBytes >= READ_AHEAD_BYTES || this.#writes.isFull;
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#transport.pause();
    else this.#transport.resume();
  }
}
