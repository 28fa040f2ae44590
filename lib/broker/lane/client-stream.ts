/**
 * The stream that MQTT.js gets in place of a socket. It brings whole packets, those that are not of the lane. What MQTT.js writes
 * joins the writes of the lane at once, whatever pieces it comes in, so that the order of all packets stays.
 */

import { Duplex } from 'node:stream';

export interface ClientStreamDeps {
  /** Returns whether more may be written at once; otherwise `drain` follows. */
  readonly write: (chunk: Uint8Array | string) => boolean;
  /** MQTT.js ends the connection: what was written leaves first. */
  readonly end: () => void;
  readonly destroy: () => void;
}

export class ClientStream extends Duplex {
  readonly #deps: ClientStreamDeps;

  constructor(deps: ClientStreamDeps) {
    super({ allowHalfOpen: false });
    this.#deps = deps;
  }

  override write(chunk: unknown, ...rest: unknown[]): boolean {
    if (this.writableEnded || this.destroyed) return false;
    const isTaken = this.#deps.write(chunk as Uint8Array | string);
    const done = rest.at(-1);
    if (typeof done === 'function') done();
    return isTaken;
  }

  override _read(): void {
    // Packets are pushed as they come.
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#deps.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#deps.destroy();
    done(error);
  }
}
