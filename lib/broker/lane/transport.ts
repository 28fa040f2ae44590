/** The bytes of one connection, read as `ReadGovernor` says: over TCP by its socket, over TLS and websockets by their streams. */

import type { Duplex } from 'node:stream';

/** A socket that is read into one buffer returns so many bytes at most. */
export const READ_BYTES = 64 * 1024;

export interface TransportEvents {
  /** Whether we wait for the broker: then no read waits. */
  readonly isHeldUp: () => boolean;
  /** Bytes that are overwritten after the call. Returns how many messages of QoS 1 were among them. */
  readonly data: (chunk: Buffer) => number;
  /** @param error undefined after an orderly end */
  readonly closed: (error: Error | undefined) => void;
}

export interface Transport {
  /** The network connection stands, or has stood. */
  readonly isReached: boolean;
  /** With TLS it is a TLSSocket. Absent with plain TCP. */
  readonly stream?: Duplex;
  /** Bytes that are not written to the network yet. */
  readonly unwritten: number;
  /** @param done called when the network has taken all of it */
  write(pieces: readonly Buffer[], done: () => void): void;
  /** Reads no more until `resume`. */
  pause(): void;
  resume(): void;
  /** Sends no more. */
  end(): void;
  destroy(): void;
}
