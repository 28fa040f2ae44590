/**
 * The lane of one connection: PUBLISH of QoS 0 and 1 and their acknowledgements, beside MQTT.js, which has all other packets. The
 * lane owns the transport. It gives MQTT.js a stream of the other packets, and gathers the writes of both into one a turn.
 *
 * Messages are handed on one at a time: the next one follows when the handler is done with the last. Meanwhile bytes are read on
 * and wait in memory, since brokers drop what a socket does not take; above a bound nothing more is read.
 */

import type { MessageProperties, SentProperties } from '../../protocol/properties.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { ClientStream } from './client-stream.ts';
import { LanePacketIds } from './packet-ids.ts';
import { PacketReader } from './packet-reader.ts';
import { PacketWriter } from './packet-writer.ts';
import type { DecodedMessage, ReceivedMessage } from './received-message.ts';
import type { Transport, TransportEvents } from './transport.ts';
import { WaitingChunks } from './waiting-chunks.ts';

/**
 * Bytes that are read ahead. Some brokers write all that they retain at once, and drop what the socket does not take. Measured:
 * more than half of 100,000 messages were dropped at the speed of a parser.
 */
const READ_AHEAD_BYTES = 32 * 1024 * 1024;

/** Above this many unwritten bytes nothing is read: a broker that does not read must not make acknowledgements grow. */
const MAX_UNWRITTEN_BYTES = 32 * 1024 * 1024;

/** Longest wait, after the broker has closed the connection, for the handler of a message: there may be others behind it. */
const LAST_MESSAGES_TIMEOUT_MS = 2_000;

/** Gathered bytes above which they leave before the turn is over. */
const MAX_GATHERED_BYTES = 256 * 1024;

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

/** The reason code of the PUBACK, 0 if a message of QoS 0 is written, or that the connection has ended. */
export type PublishAnswer = number | 'ended';

/** Receives a message. The next one follows when `done` is called. */
export type MessageHandler = (message: ReceivedMessage, done: () => void) => void;

export class Lane {
  readonly stream: ClientStream;
  /** Messages of QoS 0 and 1 that arrived, and those of them with the retain flag. */
  readonly received = { messages: 0, retained: 0 };
  readonly #options: LaneOptions;
  readonly #transport: Transport;
  readonly #reader: PacketReader;
  readonly #writer = new PacketWriter();
  readonly #acknowledgements = new Acknowledgements(id => this.#acknowledge(id));
  readonly #ids = new LanePacketIds();
  readonly #inFlight = new Map<number, (answer: PublishAnswer) => void>();
  readonly #waiting = new WaitingChunks();
  /** Publishes of QoS 0 since the last flush. */
  #unflushed: ((answer: PublishAnswer) => void)[] = [];
  /** Those that the network has not taken yet. */
  readonly #unwritten = new Set<(answer: PublishAnswer) => void>();
  #handler: MessageHandler | undefined;
  /** The message that the handler is not done with. */
  #current: DecodedMessage | undefined;
  #isReading = false;
  #isFlushDue = false;
  #isReadDue = false;
  #hasConnack = false;
  #isLast = false;
  #isOver = false;
  #isPaused = false;
  #endTimer: NodeJS.Timeout | undefined;
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
    this.stream = new ClientStream({
      write: chunk => {
        this.#writer.raw(chunk);
        this.#flushSoon();
        return this.#transport.unwritten < MAX_UNWRITTEN_BYTES;
      },
      end: () => {
        this.#flush();
        this.#transport.end();
      },
      destroy: () => {
        clearTimeout(this.#endTimer);
        this.stop();
        this.#transport.destroy();
      },
    });
    this.#transport = connect({
      isHeldUp: () => this.#inFlight.size >= this.window && this.window < SMALL_WINDOW,
      data: chunk => this.#data(chunk),
      closed: error => this.#closed(error),
    });
  }

  /** The network connection stands, or has stood. */
  get isReached(): boolean {
    return this.#transport.isReached;
  }

  /** Some bytes have not been written to the network yet. */
  get isWriting(): boolean {
    return this.#writer.length > 0 || this.#transport.unwritten > 0;
  }

  /** A SUBSCRIBE or UNSUBSCRIBE with this many filters goes out. */
  expect(filters: number): void {
    this.#reader.expect(filters);
  }

  /** From now on `handler` receives the messages. They wait before. */
  receive(handler: MessageHandler): void {
    const isFirst = this.#handler === undefined;
    this.#handler = handler;
    if (isFirst) this.#handOn();
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
      this.#writer.publish(topic, payload, qos, retain, 0, properties);
      this.#unflushed.push(answered);
    } else {
      const id = this.#ids.next(this.#inFlight);
      this.#writer.publish(topic, payload, qos, retain, id, properties);
      this.#inFlight.set(id, answered);
    }
    this.#flushSoon();
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
    this.#isOver = true;
    this.#waiting.clear();
  }

  /** The connection has ended: all publishes that are not answered fail, in their order. */
  ended(): void {
    this.stop();
    const unanswered = [...this.#inFlight.values(), ...this.#unwritten, ...this.#unflushed.splice(0)];
    this.#inFlight.clear();
    this.#unwritten.clear();
    for (const answered of unanswered) answered('ended');
  }

  #data(chunk: Buffer): void {
    if (this.#isOver || !this.#options.isCurrent()) return;
    if (!this.#waiting.isEmpty || this.#isHeld) {
      this.#keep(chunk);
      return;
    }
    const end = this.#read(chunk, 0);
    if (end < chunk.length) this.#keep(chunk.subarray(end));
  }

  /** Whether the next message has to wait. */
  get #isHeld(): boolean {
    return this.#current !== undefined || this.#isReading;
  }

  #keep(chunk: Buffer): void {
    this.#waiting.add(chunk);
    this.#regulate();
  }

  #read(chunk: Buffer, start: number): number {
    this.#isReading = true;
    const end = this.#reader.read(chunk, start);
    this.#isReading = false;
    return end;
  }

  /** Reads on in what waits, one chunk a turn, so that the socket is read meanwhile. */
  #readWaiting(): void {
    this.#isReadDue = false;
    if (this.#isOver || this.#isHeld) return;
    const chunk = this.#waiting.first;
    if (chunk !== undefined) {
      this.#waiting.consume(this.#read(chunk, this.#waiting.offset));
      this.#regulate();
    }
    if (this.#waiting.isEmpty) this.#endIfLast();
    else this.#readSoon();
  }

  #readSoon(): void {
    if (this.#isReadDue || this.#isHeld) return;
    this.#isReadDue = true;
    setImmediate(() => this.#readWaiting());
  }

  /** Returns whether the next message may follow at once. */
  #message(message: DecodedMessage): boolean {
    if (this.#isOver) return false;
    if (!this.#hasConnack) {
      this.#breaks('a PUBLISH before CONNACK');
      return false;
    }
    this.received.messages++;
    if (message.retain) this.received.retained++;
    if (message.qos > 0) {
      const ordinal = this.#acknowledgements.received(message.id);
      if (ordinal === undefined) {
        this.#breaks('more unacknowledged messages than there are packet identifiers');
        return false;
      }
      message.ordinal = ordinal;
    }
    if (this.#handler === undefined) {
      this.#current = message.copy();
      return false;
    }
    this.#current = message;
    this.#handler(message, this.#done);
    return this.#current === undefined;
  }

  readonly #done = (): void => {
    const message = this.#current;
    if (message === undefined) return;
    this.#current = undefined;
    if (this.#isOver) return;
    if (message.qos > 0) this.#acknowledgements.done(message.ordinal);
    if (!this.#isReading) this.#readSoon();
  };

  /** The message that arrived before there was a handler. */
  #handOn(): void {
    if (this.#current !== undefined && !this.#isOver) this.#handler?.(this.#current, this.#done);
  }

  #acknowledge(id: number): void {
    this.#writer.puback(id);
    this.#flushSoon();
  }

  #answered(id: number, reason: number): boolean {
    const answered = this.#inFlight.get(id);
    if (answered === undefined) return false;
    this.#inFlight.delete(id);
    if (!this.#isOver) answered(reason);
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

  /** After an orderly end what waits is still handed on; then the stream ends as well. */
  #closed(error: Error | undefined): void {
    if (error !== undefined || this.#isOver) {
      this.stream.destroy(error);
      return;
    }
    this.#isLast = true;
    if (this.#waiting.isEmpty) this.#endIfLast();
    if (this.#isHeld) this.#endTimer = setTimeout(() => this.#endNow(), LAST_MESSAGES_TIMEOUT_MS);
  }

  #endIfLast(): void {
    if (this.#isLast && !this.#isHeld) this.#endNow();
  }

  #endNow(): void {
    clearTimeout(this.#endTimer);
    this.stop();
    this.stream.push(null);
  }

  #flushSoon(): void {
    if (this.#writer.length >= MAX_GATHERED_BYTES) {
      this.#flush();
      return;
    }
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#writer.length === 0) return;
    const unflushed = this.#unflushed;
    if (unflushed.length > 0) this.#unflushed = [];
    for (const answered of unflushed) this.#unwritten.add(answered);
    const isFull = this.#transport.unwritten >= MAX_UNWRITTEN_BYTES;
    this.#transport.write(this.#writer.take(), () => this.#written(unflushed));
    if (isFull !== this.#isFull) this.#regulate();
  }

  #written(publishes: readonly ((answer: PublishAnswer) => void)[]): void {
    for (const answered of publishes) if (this.#unwritten.delete(answered)) answered(0);
    if (this.#isPaused) this.#regulate();
    if (!this.#isFull && this.stream.listenerCount('drain') > 0) this.stream.emit('drain');
  }

  get #isFull(): boolean {
    return this.#transport.unwritten >= MAX_UNWRITTEN_BYTES;
  }

  /** Reads from the network, or does not, by what waits. */
  #regulate(): void {
    const isPaused = this.#waiting.bytes >= READ_AHEAD_BYTES || this.#isFull;
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#transport.pause();
    else this.#transport.resume();
  }
}
