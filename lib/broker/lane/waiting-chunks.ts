/**
 * Bytes that were read from the network and wait, in the order of their arrival. The memory of what was read is used again: as
 * garbage it would wait for a collection of the whole heap, in a thread that is behind.
 */

import { READ_BYTES } from './transport.ts';

/** Chunks up to this size are joined: many small ones would take more memory than their bytes. */
const JOINED_BYTES = 16 * 1024;

/** Buffers that are kept when nothing waits any more. */
const MAX_KEPT = 16;

export class WaitingChunks {
  #chunks: Buffer[] = [];
  /** The place of the first chunk. */
  #head = 0;
  /** What is used of the last chunk, if it has room for more. */
  #tail: { readonly buffer: Buffer; length: number } | undefined;
  #offset = 0;
  #bytes = 0;
  /** The chunk before the first one. A message in it may still be in use. */
  #spent: Buffer | undefined;
  /** Buffers for what one read returns. */
  readonly #free: Buffer[] = [];

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The first chunk; undefined if there is none. */
  get first(): Buffer | undefined {
    if (this.#head < this.#chunks.length) return this.#chunks[this.#head];
    return this.#tail?.buffer.subarray(0, this.#tail.length);
  }

  /** Where the first chunk is to be read on. */
  get offset(): number {
    return this.#offset;
  }

  /** Copies the bytes. */
  add(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (bytes.length >= JOINED_BYTES) {
      this.#closeTail();
      this.#chunks.push(this.#copyOf(bytes));
      return;
    }
    if (this.#tail !== undefined && this.#tail.length + bytes.length > this.#tail.buffer.length)
      this.#closeTail();
    this.#tail ??= { buffer: Buffer.allocUnsafeSlow(JOINED_BYTES), length: 0 };
    bytes.copy(this.#tail.buffer, this.#tail.length);
    this.#tail.length += bytes.length;
  }

  /** The first chunk is read up to here. What was read before is not in use any more. */
  consume(end: number): void {
    const first = this.first;
    if (first === undefined) return;
    this.#reuse(this.#spent);
    this.#spent = undefined;
    this.#bytes -= end - this.#offset;
    this.#offset = end;
    if (end < first.length) return;
    this.#spent = first;
    this.#offset = 0;
    if (this.#head === this.#chunks.length) {
      this.#tail = undefined;
      return;
    }
    this.#head++;
    if (this.#bytes === 0 && this.#free.length > MAX_KEPT) this.#free.length = MAX_KEPT;
    if (this.#head < 64 && this.#head < this.#chunks.length) return;
    this.#chunks = this.#chunks.slice(this.#head);
    this.#head = 0;
  }

  clear(): void {
    this.#chunks = [];
    this.#head = 0;
    this.#tail = undefined;
    this.#offset = 0;
    this.#bytes = 0;
    this.#spent = undefined;
    this.#free.length = 0;
  }

  #copyOf(bytes: Buffer): Buffer {
    if (bytes.length > READ_BYTES) return Buffer.from(bytes);
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
    bytes.copy(buffer);
    return buffer.subarray(0, bytes.length);
  }

  #reuse(chunk: Buffer | undefined): void {
    if (chunk?.buffer.byteLength === READ_BYTES) this.#free.push(Buffer.from(chunk.buffer));
  }

  #closeTail(): void {
    if (this.#tail === undefined) return;
    this.#chunks.push(this.#tail.buffer.subarray(0, this.#tail.length));
    this.#tail = undefined;
  }
}
