/**
 * Hands on messages one at a time: the next one follows when the handler is done with the last. Bytes that arrive meanwhile wait.
 */

import type { DecodedMessage, ReceivedMessage } from './received-message.ts';
import { WaitingChunks } from './waiting-chunks.ts';

/** Longest wait, after the broker has closed the connection, for the handler of a message: there may be others behind it. */
const LAST_MESSAGES_TIMEOUT_MS = 2_000;

/** Receives a message. The next one follows when `done` is called. */
export type MessageHandler = (message: ReceivedMessage, done: () => void) => void;

export interface HandoverDeps {
  /** Reads packets from this place on, until a message has to wait. Returns where it stopped. */
  readonly read: (chunk: Buffer, start: number) => number;
  /** The handler is done with the message. */
  readonly done: (message: DecodedMessage) => void;
  /** `waitingBytes` has changed. */
  readonly changed: () => void;
  /** All that arrived before an orderly end is handed on. */
  readonly ended: () => void;
}

export class Handover {
  readonly #deps: HandoverDeps;
  readonly #waiting = new WaitingChunks();
  #handler: MessageHandler | undefined;
  /** The message that the handler is not done with. */
  #current: DecodedMessage | undefined;
  #isReading = false;
  #isReadDue = false;
  #isLast = false;
  #isOver = false;
  #endTimer: NodeJS.Timeout | undefined;

  constructor(deps: HandoverDeps) {
    this.#deps = deps;
  }

  get waitingBytes(): number {
    return this.#waiting.bytes;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** From now on `handler` receives the messages. The first one may have waited for it. */
  receive(handler: MessageHandler): void {
    const isFirst = this.#handler === undefined;
    this.#handler = handler;
    if (isFirst && this.#current !== undefined && !this.#isOver) handler(this.#current, this.#done);
  }

  /** Bytes have arrived; they are overwritten after the call. */
  data(chunk: Buffer): void {
    if (this.#isOver) return;
    let end = 0;
    if (this.#waiting.isEmpty && !this.#isHeld) end = this.#read(chunk, 0);
    if (end === chunk.length) return;
    this.#waiting.add(chunk.subarray(end));
    this.#deps.changed();
  }

  /** A message was read. Returns whether the next one may follow at once. */
  take(message: DecodedMessage): boolean {
    if (this.#isOver) return false;
    if (this.#handler === undefined) {
      this.#current = message.copy();
      return false;
    }
    this.#current = message;
    this.#handler(message, this.#done);
    return this.#current === undefined;
  }

  /** Nothing more arrives: what waits is still handed on. */
  last(): void {
    this.#isLast = true;
    if (this.#waiting.isEmpty) this.#endIfLast();
    if (this.#isHeld) this.#endTimer = setTimeout(() => this.#end(), LAST_MESSAGES_TIMEOUT_MS);
  }

  /** Nothing more is handed on. */
  stop(): void {
    clearTimeout(this.#endTimer);
    this.#isOver = true;
    this.#waiting.clear();
  }

  /** Whether the next message has to wait. */
  get #isHeld(): boolean {
    return this.#current !== undefined || this.#isReading;
  }

  readonly #done = (): void => {
    const message = this.#current;
    if (message === undefined) return;
    this.#current = undefined;
    if (this.#isOver) return;
    this.#deps.done(message);
    if (!this.#isReading) this.#readSoon();
  };

  #read(chunk: Buffer, start: number): number {
    this.#isReading = true;
    const end = this.#deps.read(chunk, start);
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
      this.#deps.changed();
    }
    if (this.#waiting.isEmpty) this.#endIfLast();
    else this.#readSoon();
  }

  #readSoon(): void {
    if (this.#isReadDue || this.#isHeld) return;
    this.#isReadDue = true;
    setImmediate(() => this.#readWaiting());
  }

  #endIfLast(): void {
    if (this.#isLast && !this.#isHeld && !this.#isOver) this.#end();
  }

  #end(): void {
    this.stop();
    this.#deps.ended();
  }
}
