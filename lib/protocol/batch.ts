/**
 * Many records packed into one ArrayBuffer of exact size, which is transferred to another thread instead of cloned.
 * Measured over both threads: 0.4 µs a record, where a cloned object takes 3.6 µs.
 *
 * Integers are unsigned and little-endian. A text is its length in UTF-8 bytes, then these bytes; a byte string is its
 * length, then its bytes.
 */

const INITIAL_BUFFER_BYTES = 64 * 1024;

/**
 * A larger buffer is not kept. Fresh memory costs the kernel 20 times what the copy into it costs, so the buffer for a large
 * payload is kept for the next one. After a single large payload it is not kept for ever (SMALL_BATCHES).
 */
const MAX_KEPT_BYTES = 2 * 1024 * 1024;

/** Batches in a row that need a quarter of the buffer at most, after which a smaller one takes its place. */
const SMALL_BATCHES = 100;

/** Appends values to a buffer that grows; `take` returns them and empties it. */
export class BatchWriter {
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BUFFER_BYTES);
  #view = viewOf(this.#buffer);
  #length = 0;
  #records = 0;
  #smallBatches = 0;

  /** Bytes since the last `take`. */
  get length(): number {
    return this.#length;
  }

  /** Records since the last `take`. */
  get records(): number {
    return this.#records;
  }

  /** Counts a record that begins here. */
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
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  f64(value: number): this {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
    return this;
  }

  text(value: string): this {
    this.#reserve(4 + value.length * 3);
    const bytes = this.#buffer.write(value, this.#length + 4, 'utf8');
    this.#view.setUint32(this.#length, bytes, true);
    this.#length += 4 + bytes;
    return this;
  }

  /** @param value each character is one byte */
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

  /** Bytes of a buffer, without a view of them. They are read as a byte string, or as a text if they are UTF-8. */
  bytesOf(source: Buffer, start: number, end: number): this {
    this.u32(end - start).#reserve(end - start);
    source.copy(this.#buffer, this.#length, start, end);
    this.#length += end - start;
    return this;
  }

  /** What was written since the last `take`, until more is written. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Begins a part whose length stands before it, so that a reader can skip it. Returns what `end` has to be given. */
  begin(): number {
    this.u32(0);
    return this.#length;
  }

  /** Ends the part that began there. */
  end(start: number): this {
    this.#view.setUint32(start - 4, this.#length - start, true);
    return this;
  }

  /** Returns all that was written since the last call, in a buffer of exact size, ready to be transferred. */
  take(): ArrayBuffer {
    const { buffer, byteOffset } = this.#buffer;
    const taken = buffer.slice(byteOffset, byteOffset + this.#length) as ArrayBuffer;
    this.clear();
    return taken;
  }

  /** Forgets what was written since the last `take`. */
  clear(): void {
    const isSmall = this.#length * 4 <= this.#buffer.length;
    this.#smallBatches = isSmall ? this.#smallBatches + 1 : 0;
    this.#length = 0;
    this.#records = 0;
    const capacity = this.#buffer.length;
    if (capacity > MAX_KEPT_BYTES || (capacity > INITIAL_BUFFER_BYTES && this.#smallBatches >= SMALL_BATCHES))
      this.#use(Buffer.allocUnsafeSlow(INITIAL_BUFFER_BYTES));
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    // Room for what follows a large payload: it must not be copied once more for a few bytes.
    const larger = Buffer.allocUnsafeSlow(Math.max(needed + INITIAL_BUFFER_BYTES, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#use(larger);
  }

  #use(buffer: Buffer<ArrayBuffer>): void {
    this.#buffer = buffer;
    this.#view = viewOf(buffer);
  }
}

/** Reads and writes numbers with less overhead than the methods of Buffer. */
function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** Reads what a BatchWriter wrote, in the same order. */
export class BatchReader {
  readonly #buffer: Buffer;
  readonly #view: DataView;
  #offset: number;

  /** @param offset where to begin: an earlier value of `offset` */
  constructor(batch: ArrayBuffer | Buffer, offset = 0) {
    this.#buffer = batch instanceof ArrayBuffer ? Buffer.from(batch) : batch;
    this.#view = viewOf(this.#buffer);
    this.#offset = offset;
  }

  /** Where the next value begins. */
  get offset(): number {
    return this.#offset;
  }

  /** The length of the text or byte string that comes next. */
  get nextLength(): number {
    return this.#view.getUint32(this.#offset, true);
  }

  get done(): boolean {
    return this.#offset >= this.#buffer.length;
  }

  u8(): number {
    return this.#view.getUint8(this.#offset++);
  }

  u32(): number {
    const value = this.#view.getUint32(this.#offset, true);
    this.#offset += 4;
    return value;
  }

  f64(): number {
    const value = this.#view.getFloat64(this.#offset, true);
    this.#offset += 8;
    return value;
  }

  text(): string {
    const start = this.#offset + 4;
    this.skip();
    return this.#buffer.toString('utf8', start, this.#offset);
  }

  byteString(): string {
    const start = this.#offset + 4;
    this.skip();
    return this.#buffer.toString('latin1', start, this.#offset);
  }

  /** A view of the batch, not a copy. */
  bytes(): Buffer {
    const start = this.#offset + 4;
    this.skip();
    return this.#buffer.subarray(start, this.#offset);
  }

  /** Begins to read what was written between `begin` and `end`. */
  enter(): this {
    this.u32();
    return this;
  }

  /** Skips a text, a byte string, or what was written between `begin` and `end`. */
  skip(): void {
    const length = this.u32();
    this.#offset += length;
  }
}
