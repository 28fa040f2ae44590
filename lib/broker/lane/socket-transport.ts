/** Plain TCP. The socket reads into one buffer, which is used for each read. */

import { connect, type Socket } from 'node:net';
import { ReadGovernor, WAIT_MS } from './read-governor.ts';
import { READ_BYTES, type Transport, type TransportEvents } from './transport.ts';
import { writeAll } from './write-all.ts';

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
  /** Of a Unix socket; it comes before host and port. */
  readonly path?: string | undefined;
}

export class SocketTransport implements Transport {
  readonly #socket: Socket;
  readonly #events: TransportEvents;
  readonly #governor: ReadGovernor;
  #isReached = false;
  #isPaused = false;
  #error: Error | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ host, port, path }: SocketAddress, events: TransportEvents) {
    this.#events = events;
    this.#governor = new ReadGovernor(events.isHeldUp);
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (bytes: number, buffer: Uint8Array) => this.#read(buffer as Buffer, bytes),
    };
    // Nagle's algorithm would hold a PUBLISH back until the broker's host acknowledges the PUBACK before it.
    const common = { onread, noDelay: true };
    const options = path === undefined ? { host, port, ...common } : { path, ...common };
    this.#socket = connect(options)
      .on('connect', () => {
        this.#isReached = true;
      })
      .on('error', error => {
        this.#error = error;
      })
      .on('close', () => {
        clearTimeout(this.#timer);
        events.closed(this.#error);
      })
      .resume();
  }

  get isReached(): boolean {
    return this.#isReached;
  }

  get unwritten(): number {
    return this.#socket.writableLength;
  }

  write(pieces: readonly Buffer[], done: () => void): void {
    writeAll(this.#socket, pieces, done);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#timer === undefined) this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Returns whether to read on at once. */
  #read(buffer: Buffer, bytes: number): boolean {
    const messages = this.#events.data(buffer.subarray(0, bytes));
    if (this.#isPaused) return false;
    if (!this.#governor.waits(bytes, messages)) return true;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isPaused) return;
      this.#governor.resumed();
      this.#socket.resume();
    }, WAIT_MS);
    return false;
  }
}
