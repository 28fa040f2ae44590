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
 * salt of its own, so that no payload can look like a frame. frame.ts has the layout, and frame-reader.ts finds frames.
 */

import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { DISK } from './disk.ts';
import { HEAD_BYTES, headOf, headWith, SALT_BYTES } from './file-head.ts';
import type { Files, OpenFile } from './files.ts';
import { FRAME_HEADER_BYTES, type FrameKind, frameParts } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { DamagedStoreError, UnknownStoreError } from './store-errors.ts';

/** Where the first frame of a file begins. */
export const FIRST_FRAME = HEAD_BYTES;

/** A body of a complete commit, and its position in the file. */
export interface PlacedBody {
  readonly at: number;
  readonly body: Buffer;
}

export class FrameLog {
  readonly #files: Files;
  readonly #file: OpenFile;
  readonly #reader: FrameReader;
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

  private constructor(path: string, files: Files, file: OpenFile, salt: Buffer) {
    this.#files = files;
    this.#file = file;
    this.#salt = salt;
    this.#seed = crc32(salt);
    this.#reader = new FrameReader(path, file, salt, this.#seed);
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
    return this.#reader.path;
  }

  async rename(path: string): Promise<void> {
    await this.#files.rename(this.path, path);
    this.#reader.path = path;
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
    const reader = this.#reader;
    reader.forget();
    let at = HEAD_BYTES;
    let commit = 0;
    this.#base = 0;
    let parts: PlacedBody[] = [];
    this.#durable = { end: at, commit };
    for (let frame = await reader.frameAt(at, size); frame; frame = await reader.frameAt(at, size)) {
      if (frame.commit !== commit) throw reader.damaged(at);
      at += FRAME_HEADER_BYTES;
      parts.push({ at, body: frame.body });
      at += frame.body.length;
      if (frame.kind === 'part') continue;
      if (frame.kind === 'whole') this.#base = at;
      yield parts;
      parts = [];
      this.#durable = { end: at, commit: ++commit };
    }
    if (this.#base === 0 || (await reader.isFollowed(at, size, commit))) throw reader.damaged(at);
    this.#isTorn = this.#durable.end < size;
    this.rewind();
  }

  /**
   * Reads a body again that `commits` has found valid.
   * @throws DamagedStoreError if the disk does not return it
   */
  body(at: number, length: number): Promise<Buffer> {
    return this.#reader.read(at, length);
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
    let frame = await this.#reader.frameAt(at, end);
    if (frame === undefined) {
      // The window may have been read while the writer was writing there.
      this.#reader.forget();
      frame = await this.#reader.frameAt(at, end);
    }
    if (frame === undefined) throw this.#reader.damaged(at);
    return { body: frame.body, next: at + FRAME_HEADER_BYTES + frame.body.length };
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
    return this.#reader.isFollowed(FIRST_FRAME, (await this.#file.stat()).size, 0);
  }

  /**
   * Appends a frame. It counts when its commit is complete, and is durable after `sync`.
   * @param body not kept after this has resolved
   */
  async append(kind: FrameKind, body: Buffer): Promise<void> {
    await this.trim();
    const frame = { kind, commit: this.#commit, body, at: this.#end };
    let end = this.#end;
    for (const part of frameParts(frame, this.#salt, this.#seed)) {
      await writeAll(this.#file, part, end);
      end += part.length;
    }
    this.#end = end;
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
}

/** The system may write fewer bytes than asked, for example when the disk is nearly full. */
async function writeAll(file: OpenFile, bytes: Buffer, at: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, at + written);
    written += bytesWritten;
  }
}
