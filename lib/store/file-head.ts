/**
 * The head of a file that has the name of a store. It tells whether this version wrote the file, another version, or
 * another program, or whether a crash came before the head was written.
 *
 *     file   "mqttrep" format:u8 salt:8, then frames, each of which begins with the salt
 *
 * The format is the layout of frames and of their contents. Each change of either needs a new format number, so that a
 * version never reads, moves or removes a file that it does not understand.
 */

import { DISK } from './disk.ts';
import type { Files } from './files.ts';

const NAME = Buffer.from('mqttrep', 'latin1');
const FORMAT = 2;

export const SALT_BYTES = 8;
export const HEAD_BYTES = NAME.length + 1 + SALT_BYTES;

/**
 * - `ours`: this version wrote it
 * - `broken`: this version wrote it and it is damaged, or a crash came before anything was in it
 * - `another version`, `foreign`: mqttrep must not touch it
 */
export type Head =
  | { readonly kind: 'ours'; readonly salt: Buffer }
  | { readonly kind: 'broken' }
  | { readonly kind: 'another version'; readonly reason: string }
  | { readonly kind: 'foreign'; readonly reason: string };

/** The head of a new file. */
export function headWith(salt: Buffer): Buffer {
  return Buffer.concat([NAME, Buffer.from([FORMAT]), salt]);
}

/** @param start the first START_BYTES of a file, or fewer if it is shorter: its head, and the salt of its first frame */
export function readHead(start: Buffer): Head {
  const format = start[NAME.length];
  const salt = start.subarray(HEAD_BYTES - SALT_BYTES, HEAD_BYTES);
  if (start.subarray(0, NAME.length).equals(NAME) && format !== undefined && format !== 0) {
    if (format === FORMAT) return start.length < HEAD_BYTES ? BROKEN : { kind: 'ours', salt };
    const age = format > FORMAT ? 'a later' : 'an earlier';
    const reason = `${age} version of mqttrep wrote it (format ${format}; this version reads format ${FORMAT})`;
    return { kind: 'another version', reason };
  }
  const isBeginning = start.subarray(0, NAME.length).equals(NAME.subarray(0, start.length));
  const isBlank = start.every(byte => byte === 0);
  const hasFrame = start.length === START_BYTES && start.subarray(HEAD_BYTES).equals(salt);
  if (isBeginning || isBlank || hasFrame) return BROKEN;
  return { kind: 'foreign', reason: 'it does not begin like a store of mqttrep' };
}

const BROKEN: Head = { kind: 'broken' };

/** The number of bytes that `readHead` needs. */
const START_BYTES = HEAD_BYTES + SALT_BYTES;

/** @throws the error of the system */
export async function headOf(path: string, files: Files = DISK): Promise<Head> {
  const file = await files.open(path, 'r');
  try {
    const start = Buffer.alloc(START_BYTES);
    const { bytesRead } = await file.read(start, 0, START_BYTES, 0);
    return readHead(start.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
