/** The layout of a frame: what the bytes of a FrameLog mean. */

import { crc32 } from 'node:zlib';
import { SALT_BYTES } from './file-head.ts';

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

export interface Frame {
  readonly kind: FrameKind;
  readonly commit: number;
  readonly body: Buffer;
  /** Its position in the file. */
  readonly at: number;
}

/** What is in the first FRAME_HEADER_BYTES of a frame. */
export interface FrameHeader {
  readonly kind: FrameKind;
  /** The length of the whole frame in bytes. */
  readonly length: number;
}

/** A larger body is written by a call of its own: to copy it to fresh memory costs more than the call. */
const MAX_JOINED_BYTES = 64 * 1024;

/**
 * The bytes of a frame, to be written one after the other.
 * @param seed of the checksums of this file
 */
export function frameParts({ kind, commit, body, at }: Frame, salt: Buffer, seed: number): readonly Buffer[] {
  const isJoined = body.length <= MAX_JOINED_BYTES;
  const head = Buffer.allocUnsafe(isJoined ? BODY + body.length : BODY);
  head.set(salt);
  head.writeUInt32LE(body.length, LENGTH);
  head.writeUInt32LE(commit, COMMIT);
  head.writeUInt8(KINDS.indexOf(kind), KIND);
  if (isJoined) head.set(body, BODY);
  const ofHead = checksum(head, at, seed);
  head.writeUInt32LE(isJoined ? ofHead : crc32(body, ofHead), CHECKSUM);
  return isJoined ? [head] : [head, body];
}

/** Undefined if no frame of this file begins like this. */
export function readHeader(header: Buffer, salt: Buffer): FrameHeader | undefined {
  if (!header.subarray(0, SALT_BYTES).equals(salt)) return undefined;
  const kind = KINDS[header.readUInt8(KIND)];
  return kind === undefined ? undefined : { kind, length: BODY + header.readUInt32LE(LENGTH) };
}

/** Undefined if the bytes are not what was written at this position. */
export function readFrame(bytes: Buffer, { kind }: FrameHeader, at: number, seed: number): Frame | undefined {
  if (bytes.readUInt32LE(CHECKSUM) !== checksum(bytes, at, seed)) return undefined;
  return { kind, commit: bytes.readUInt32LE(COMMIT), body: bytes.subarray(BODY), at };
}

/** Of a frame, or of the beginning of one. */
function checksum(frame: Buffer, at: number, seed: number): number {
  const position = Buffer.alloc(8);
  position.writeDoubleLE(at);
  return crc32(frame.subarray(LENGTH), crc32(position, seed));
}
