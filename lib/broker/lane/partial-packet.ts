/**
 * The beginning of a packet whose end has not arrived. Each byte is copied once, whatever pieces it comes in. Memory is taken as
 * the bytes arrive, not as a length announces them.
 */

/** A packet up to this size gets all its memory at once: a larger one may be announced and never come. */
const MAX_AT_ONCE_BYTES = 256 * 1024;

/** A buffer up to this size is used again: fresh memory costs the kernel much more than the copy into it. */
const MAX_KEPT_BYTES = 2 * 1024 * 1024;

const NO_BYTES = Buffer.alloc(0);

export class PartialPacket {
  #buffer = NO_BYTES;
  #length = 0;
  /** Bytes that are needed before the packet can be judged, or is complete; 0 if there is no packet. */
  #needed = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  get length(): number {
    return this.#length;
  }

  get needed(): number {
    return this.#needed;
  }

  /** The bytes that have arrived. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** So many bytes are needed, those that have arrived among them. */
  need(bytes: number): void {
    this.#needed = bytes;
  }

  /** Takes what is needed. Returns where it stopped. */
  fill(chunk: Buffer, start: number): number {
    const end = Math.min(chunk.length, start + this.#needed - this.#length);
    this.#reserve(this.#length + end - start);
    chunk.copy(this.#buffer, this.#length, start, end);
    this.#length += end - start;
    return end;
  }

  /** Forgets the packet. Its bytes are valid until more arrives. */
  clear(): void {
    if (this.#buffer.length > MAX_KEPT_BYTES) this.#buffer = NO_BYTES;
    this.#length = 0;
    this.#needed = 0;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const size = Math.min(this.#needed, Math.max(bytes, this.#buffer.length * 2, MAX_AT_ONCE_BYTES));
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes, size));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
