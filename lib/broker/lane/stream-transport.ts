/**
 * TLS, websockets, and what else MQTT.js makes a stream of. The stream is not flowing: it reads from its socket only as far as
 * its high water mark, and goes on when what it has is taken.
 */

import { Socket } from 'node:net';
import { type Duplex, getDefaultHighWaterMark, setDefaultHighWaterMark } from 'node:stream';
import { ReadGovernor, WAIT_MS } from './read-governor.ts';
import type { Transport, TransportEvents } from './transport.ts';
import { writeAll } from './write-all.ts';

/** A socket reads no more before what it has is taken. A websocket gathers the messages of a millisecond. */
const SOCKET_HIGH_WATER_MARK = 1;
const WEBSOCKET_HIGH_WATER_MARK = 64 * 1024;

/** Makes a stream with that high water mark: MQTT.js has no option for it, so the default of Node is changed meanwhile. */
export function withHighWaterMark<T extends Duplex>(isWebsocket: boolean, make: () => T): T {
  const former = getDefaultHighWaterMark(false);
  setDefaultHighWaterMark(false, isWebsocket ? WEBSOCKET_HIGH_WATER_MARK : SOCKET_HIGH_WATER_MARK);
  try {
    return make();
  } finally {
    setDefaultHighWaterMark(false, former);
  }
}

export class StreamTransport implements Transport {
  readonly stream: Duplex;
  readonly #events: TransportEvents;
  readonly #governor: ReadGovernor;
  #isReached: boolean;
  #isPaused = false;
  #error: Error | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Duplex, events: TransportEvents) {
    this.stream = stream;
    this.#events = events;
    this.#governor = new ReadGovernor(events.isHeldUp);
    // A websocket always counts as reached.
    this.#isReached = !(stream instanceof Socket && stream.connecting);
    stream.once('connect', () => {
      this.#isReached = true;
      if (stream instanceof Socket) stream.setNoDelay(true);
    });
    stream.on('readable', () => this.#readable());
    stream.on('error', error => {
      this.#error = error;
    });
    stream.on('close', () => {
      clearTimeout(this.#timer);
      events.closed(this.#error);
    });
  }

  get isReached(): boolean {
    return this.#isReached;
  }

  get unwritten(): number {
    return this.stream.writableLength;
  }

  write(pieces: readonly Buffer[], done: () => void): void {
    writeAll(this.stream, pieces, done);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#readable();
  }

  end(): void {
    this.stream.end();
  }

  destroy(): void {
    this.stream.destroy();
  }

  #readable(): void {
    while (!this.#isPaused && this.#timer === undefined) {
      const chunk: Buffer | null = this.stream.read();
      if (chunk === null) return;
      const messages = this.#events.data(chunk);
      if (!this.#governor.waits(chunk.length, messages)) continue;
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#governor.resumed();
        this.#readable();
      }, WAIT_MS);
    }
  }
}
