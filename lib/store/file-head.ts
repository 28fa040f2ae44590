/**
 * What a file with a store's name begins with: whether this version wrote it, another version, another program, or
 * nobody, because a crash came first.
 *
 *     file   "mqttrep" format:u8 salt:8, then frames, each of which begins with the salt
 *
 * A format is one way of frames and of what is in them. Whoever changes either gives the format a new number: so a version
 * never reads, moves or removes what it does not understand.
 */

import { open } from 'node:fs/promises';

const NAME = Buffer.from('mqttrep', 'latin1');
const FORMAT = 2;

export const SALT_BYTES = 8;
export const HEAD_BYTES = NAME.length + 1 + SALT_BYTES;

/**
 * - `ours`: of this version
 * - `broken`: of this version, and damaged; or cut short by a crash before anything was in it
 * - `another version`, `foreign`: not for us to touch
 */
export type Head =
  | { readonly kind: 'ours'; readonly salt: Buffer }
  | { readonly kind: 'broken' }
  | { readonly kind: 'another version'; readonly reason: string }
  | { readonly kind: 'foreign'; readonly reason: string };

/** What a file begins with. */
export function headWith(salt: Buffer): Buffer {
  return Buffer.concat([NAME, Buffer.from([FORMAT]), salt]);
}

/** @param start the first bytes of a file: its head, and the salt of its first frame; fewer where it ends before */
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
  return { kind: 'foreign', reason: 'it does not begin as a store of mqttrep does' };
}

const BROKEN: Head = { kind: 'broken' };

/** As many bytes as `readHead` looks at. */
export const START_BYTES = HEAD_BYTES + SALT_BYTES;

/** @throws what the system says */
export async function headOf(path: string): Promise<Head> {
  const file = await open(path, 'r');
  try {
    const start = Buffer.alloc(START_BYTES);
    const { bytesRead } = await file.read(start, 0, START_BYTES, 0);
    return readHead(start.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
