/** Reads frames of a file at any position, through a window of bytes that were read at once. */

import { SALT_BYTES } from './file-head.ts';
import type { OpenFile } from './files.ts';
import { FRAME_HEADER_BYTES, type Frame, readFrame, readHeader } from './frame.ts';
import { DamagedStoreError } from './store-errors.ts';

/** Bytes read at once. */
const WINDOW_BYTES = 1024 * 1024;

export class FrameReader {
  /** Where the file is now, for errors. */
  path: string;
  readonly #file: OpenFile;
  readonly #salt: Buffer;
  readonly #seed: number;
  #window = { at: 0, bytes: Buffer.alloc(0) };

  /** @param seed of the checksums */
  constructor(path: string, file: OpenFile, salt: Buffer, seed: number) {
    this.path = path;
    this.#file = file;
    this.#salt = salt;
    this.#seed = seed;
  }

  /** The file may have changed since it was read. */
  forget(): void {
    this.#window = { at: 0, bytes: Buffer.alloc(0) };
  }

  /**
   * Undefined where no valid frame begins.
   * @param size where the file ends, or is to be read to
   */
  async frameAt(at: number, size: number): Promise<Frame | undefined> {
    if (at + FRAME_HEADER_BYTES > size) return undefined;
    const header = readHeader(await this.read(at, FRAME_HEADER_BYTES), this.#salt);
    if (header === undefined || at + header.length > size) return undefined;
    return readFrame(await this.read(at, header.length), header, at, this.#seed);
  }

  /** Whether a valid frame of a later commit stands anywhere after `at`. */
  async isFollowed(at: number, size: number, commit: number): Promise<boolean> {
    for (let start = at; start + FRAME_HEADER_BYTES <= size; start += WINDOW_BYTES) {
      const bytes = await this.read(start, Math.min(WINDOW_BYTES + SALT_BYTES, size - start));
      for (let found = bytes.indexOf(this.#salt); found >= 0; found = bytes.indexOf(this.#salt, found + 1)) {
        const frame = await this.frameAt(start + found, size);
        if (frame !== undefined && frame.commit > commit) return true;
      }
    }
    return false;
  }

  /** @throws DamagedStoreError if the disk does not return the bytes */
  async read(at: number, length: number): Promise<Buffer> {
    const { at: start, bytes } = this.#window;
    const isRead = at >= start && at + length <= start + bytes.length;
    if (isRead) return bytes.subarray(at - start, at - start + length);
    const size = Math.max(length, WINDOW_BYTES);
    // Reads go on in one direction: forward, or backward from the end.
    const first = at < start ? Math.max(0, at + length - size) : at;
    const window = Buffer.allocUnsafeSlow(size);
    const { bytesRead } = await this.#file.read(window, 0, size, first).catch((error: Error) => {
      throw new DamagedStoreError(this.path, error.message);
    });
    if (first + bytesRead < at + length) throw this.damaged(first + bytesRead);
    this.#window = { at: first, bytes: window.subarray(0, bytesRead) };
    return window.subarray(at - first, at - first + length);
  }

  damaged(at: number): DamagedStoreError {
    return new DamagedStoreError(this.path, `the bytes at ${at} are not what mqttrep wrote`);
  }
}
