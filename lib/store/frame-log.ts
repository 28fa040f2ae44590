/**
 * A file of frames with checksums, to which commits are appended.
 *
 * A commit is one or more frames; the last one is marked. A reader accepts complete commits only. If a crash interrupted
 * the last commit, its frames stand at the end of the file and are dropped. Any other invalid frame is damage. What follows
 * tells the two cases apart: a commit begins only when the one before it is durable.
 *
 *     file   its head (file-head.ts), which ends with a salt
 *     frame  salt:8 checksum:u32 length:u32 commit:u32 kind:u8 body
 *
 * The checksum covers the position of the frame too, so that a block that turns up elsewhere is not valid. Each file has a
 * salt of its own, so that no payload can look like a frame.
 */

import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { HEAD_BYTES, headOf, headWith, SALT_BYTES } from './file-head.ts';
import { DISK, type Files, type OpenFile } from './files.ts';
import { DamagedStoreError, UnknownStoreError } from './store-errors.ts';

/**
 * - `part`: more frames of the commit follow
 * - `commit`: the last frame of a commit
 * - `whole`: also the end of the state that a new file must hold before it may take the place of an older one
 */
export type FrameKind = 'part' | 'commit' | 'whole';

const KINDS: readonly FrameKind[] = ['part', 'commit', 'whole'];

/** Where the fields of a frame begin, in bytes. */
const CHECKSUM = SALT_BYTES;
const LENGTH = CHECKSUM + 4;
const COMMIT = LENGTH + 4;
const KIND = COMMIT + 4;
const BODY = KIND + 1;

/** The bytes of a frame before its body. */
export const FRAME_HEADER_BYTES = BODY;

/** Where the first frame of a file begins. */
export const FIRST_FRAME = HEAD_BYTES;

/** Bytes read at once. */
const WINDOW_BYTES = 1024 * 1024;

interface Frame {
  readonly kind: FrameKind;
  readonly commit: number;
  readonly body: Buffer;
  readonly end: number;
}

/** A body of a complete commit, and its position in the file. */
export interface PlacedBody {
  readonly at: number;
  readonly body: Buffer;
}

export class FrameLog {
  #path: string;
  readonly #files: Files;
  readonly #file: OpenFile;
  readonly #salt: Buffer;
  readonly #seed: number;
  /** Where the next frame goes. */
  #end = HEAD_BYTES;
  #commit = 0;
  /** The number of bytes and of commits that are durable. */
  #durable = { end: HEAD_BYTES, commit: 0 };
  #base = 0;
  /** Whether bytes of an incomplete commit may follow the end. */
  #isTorn = false;
  #window = { at: 0, bytes: Buffer.alloc(0) };

  private constructor(path: string, files: Files, file: OpenFile, salt: Buffer) {
    this.#path = path;
    this.#files = files;
    this.#file = file;
    this.#salt = salt;
    this.#seed = crc32(salt);
  }

  /** @throws the error of the system; then the file may exist, and is useless */
  static async create(path: string, files: Files = DISK): Promise<FrameLog> {
    const salt = randomBytes(SALT_BYTES);
    const file = await files.open(path, 'w+', 0o600);
    try {
      await writeAll(file, headWith(salt), 0);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new FrameLog(path, files, file, salt);
  }

  /** @throws DamagedStoreError, UnknownStoreError, or the error of the system */
  static async open(path: string, files: Files = DISK): Promise<FrameLog> {
    const head = await headOf(path, files);
    if (head.kind === 'broken') throw new DamagedStoreError(path, 'its head is not what mqttrep wrote');
    if (head.kind !== 'ours') throw new UnknownStoreError(path, head.reason);
    return new FrameLog(path, files, await files.open(path, 'r+'), head.salt);
  }

  get path(): string {
    return this.#path;
  }

  async rename(path: string): Promise<void> {
    await this.#files.rename(this.#path, path);
    this.#path = path;
  }

  /** Bytes of all commits, including an incomplete one. */
  get size(): number {
    return this.#end;
  }

  /** Bytes up to the frame of kind `whole`: the size of the file when it was new. */
  get base(): number {
    return this.#base;
  }

  /**
   * Reads all commits from the beginning, each as its bodies. The next append follows the last of them.
   * @throws DamagedStoreError
   */
  async *commits(): AsyncGenerator<readonly PlacedBody[]> {
    const { size } = await this.#file.stat();
    this.#window = { at: 0, bytes: Buffer.alloc(0) };
    let at = HEAD_BYTES;
    let commit = 0;
    this.#base = 0;
    let parts: PlacedBody[] = [];
    this.#durable = { end: at, commit };
    for (let frame = await this.#frameAt(at, size); frame; frame = await this.#frameAt(at, size)) {
      if (frame.commit !== commit) throw this.#damaged(at);
      parts.push({ at: at + BODY, body: frame.body });
      at = frame.end;
      if (frame.kind === 'part') continue;
      if (frame.kind === 'whole') this.#base = at;
      yield parts;
      parts = [];
      this.#durable = { end: at, commit: ++commit };
    }
    if (this.#base === 0 || (await this.#isFollowed(at, size, commit))) throw this.#damaged(at);
    this.#isTorn = this.#durable.end < size;
    this.rewind();
  }

  /**
   * Reads a body again that `commits` has found valid.
   * @throws DamagedStoreError if the disk does not return it
   */
  body(at: number, length: number): Promise<Buffer> {
    return this.#read(at, length);
  }

  /**
   * Reads the frame at a position: FIRST_FRAME, or as an earlier call returned it. For a reader beside the writer.
   * @param end up to which the writer knows its commits to be durable
   * @returns undefined at the end
   * @throws DamagedStoreError
   */
  async frame(
    at: number,
    end: number,
  ): Promise<{ readonly body: Buffer; readonly next: number } | undefined> {
    if (at >= end) return undefined;
    let frame = await this.#frameAt(at, end);
    if (frame === undefined) {
      // The window may have been read while the writer was writing there.
      this.#window = { at: 0, bytes: Buffer.alloc(0) };
      frame = await this.#frameAt(at, end);
    }
    if (frame === undefined) throw this.#damaged(at);
    return { body: frame.body, next: frame.end };
  }

  /** Whether a crash or a failed write left bytes after the last complete commit. */
  get isTorn(): boolean {
    return this.#isTorn;
  }

  /** Cuts off what a crash or a failed write left after the last complete commit. */
  async trim(): Promise<void> {
    if (!this.#isTorn) return;
    await this.#file.truncate(this.#end);
    this.#isTorn = false;
  }

  /** Whether a valid frame of a later commit than the first one stands after the head. */
  async hasSecondCommit(): Promise<boolean> {
    return this.#isFollowed(FIRST_FRAME, (await this.#file.stat()).size, 0);
  }

  /** Appends a frame. It counts when its commit is complete, and is durable after `sync`. */
  async append(kind: FrameKind, body: Buffer): Promise<void> {
    await this.trim();
    const frame = Buffer.allocUnsafe(BODY + body.length);
    frame.set(this.#salt);
    frame.writeUInt32LE(body.length, LENGTH);
    frame.writeUInt32LE(this.#commit, COMMIT);
    frame.writeUInt8(KINDS.indexOf(kind), KIND);
    frame.set(body, BODY);
    frame.writeUInt32LE(this.#checksum(frame, this.#end), CHECKSUM);
    await writeAll(this.#file, frame, this.#end);
    this.#end += frame.length;
    if (kind !== 'part') this.#commit++;
    if (kind === 'whole') this.#base = this.#end;
  }

  /** When it resolves, all that was appended is durable. */
  async sync(): Promise<void> {
    await this.#file.datasync();
    this.#durable = { end: this.#end, commit: this.#commit };
  }

  /** Discards what was appended since the last `sync`. */
  rewind(): void {
    this.#isTorn ||= this.#end > this.#durable.end;
    this.#end = this.#durable.end;
    this.#commit = this.#durable.commit;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #checksum(frame: Buffer, at: number): number {
    const position = Buffer.alloc(8);
    position.writeDoubleLE(at);
    return crc32(frame.subarray(LENGTH), crc32(position, this.#seed));
  }

  /** Undefined where no valid frame begins. */
  async #frameAt(at: number, size: number): Promise<Frame | undefined> {
    if (at + BODY > size) return undefined;
    const header = await this.#read(at, BODY);
    if (!header.subarray(0, SALT_BYTES).equals(this.#salt)) return undefined;
    const kind = KINDS[header.readUInt8(KIND)];
    const end = at + BODY + header.readUInt32LE(LENGTH);
    if (kind === undefined || end > size) return undefined;
    const frame = await this.#read(at, end - at);
    if (frame.readUInt32LE(CHECKSUM) !== this.#checksum(frame, at)) return undefined;
    return { kind, commit: frame.readUInt32LE(COMMIT), body: frame.subarray(BODY), end };
  }

  /** Whether a valid frame of a later commit stands anywhere after `at`. */
  async #isFollowed(at: number, size: number, commit: number): Promise<boolean> {
    for (let start = at; start + BODY <= size; start += WINDOW_BYTES) {
      const bytes = await this.#read(start, Math.min(WINDOW_BYTES + SALT_BYTES, size - start));
      for (let found = bytes.indexOf(this.#salt); found >= 0; found = bytes.indexOf(this.#salt, found + 1)) {
        const frame = await this.#frameAt(start + found, size);
        if (frame !== undefined && frame.commit > commit) return true;
      }
    }
    return false;
  }

  async #read(at: number, length: number): Promise<Buffer> {
    const { at: start, bytes } = this.#window;
    const isRead = at >= start && at + length <= start + bytes.length;
    if (isRead) return bytes.subarray(at - start, at - start + length);
    const size = Math.max(length, WINDOW_BYTES);
    // Reads go on in one direction: forward, or backward from the end.
    const first = at < start ? Math.max(0, at + length - size) : at;
    const window = Buffer.allocUnsafeSlow(size);
    const { bytesRead } = await this.#file.read(window, 0, size, first).catch((error: Error) => {
      throw new DamagedStoreError(this.#path, error.message);
    });
    if (first + bytesRead < at + length) throw this.#damaged(first + bytesRead);
    this.#window = { at: first, bytes: window.subarray(0, bytesRead) };
    return window.subarray(at - first, at - first + length);
  }

  #damaged(at: number): DamagedStoreError {
    return new DamagedStoreError(this.#path, `the bytes at ${at} are not what mqttrep wrote`);
  }
}

/** The system may write fewer bytes than asked, for example when the disk is nearly full. */
async function writeAll(file: OpenFile, bytes: Buffer, at: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, at + written);
    written += bytesWritten;
  }
}
