/** Writes several pieces to a stream in one system call. */

import type { Writable } from 'node:stream';

/** @param done called when the network has taken all of them */
export function writeAll(stream: Writable, pieces: readonly Buffer[], done: () => void): void {
  if (stream.destroyed || stream.writableEnded) return;
  const last = pieces.length - 1;
  const written = (error?: Error | null) => {
    if (!error) done();
  };
  if (last > 0) stream.cork();
  for (const [index, piece] of pieces.entries()) {
    if (index < last) stream.write(piece);
    else stream.write(piece, written);
  }
  if (last > 0) stream.uncork();
}
