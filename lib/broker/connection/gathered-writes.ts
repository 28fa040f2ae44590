/**
 * Gathers what is written to a stream in one turn of the event loop into one write.
 *
 * mqtt-packet writes a PUBLISH in up to thirty pieces, and a PUBACK in three: as so many entries in a queue of the
 * stream, and as so many vectors of a system call, they cost more than the bytes in them. Where acknowledgements are
 * many, one write for all of a turn also spares most of the system calls.
 */

import type { Duplex } from 'node:stream';

/** Bytes that are gathered at most before they leave. */
const ROOM = 64 * 1024;

/** From so many bytes on, a piece is not worth copying. */
const LARGE = 8 * 1024;

/** Bytes of UTF-8 that a code unit of a string takes at most. */
const UTF8_BYTES = 3;

/**
 * Has all that is written to the stream gathered, until the end of the turn, its end, or until it is too much. The
 * order stays, and so does the meaning of `false` and `drain`. What is gathered when the stream is destroyed is lost with it.
 */
export function gatherWrites(stream: Duplex): void {
  const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
  const end = stream.end.bind(stream) as (...rest: unknown[]) => Duplex;
  const gathered = Buffer.allocUnsafeSlow(ROOM);
  let length = 0;
  let isDue = false;

  const flush = () => {
    if (length === 0) return;
    const bytes = Buffer.from(gathered.subarray(0, length));
    length = 0;
    if (!stream.destroyed) write(bytes);
  };

  const flushInTime = () => {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      flush();
    });
  };

  const gather = (chunk: unknown, ...rest: unknown[]) => {
    const size = mostBytes(chunk);
    if (size >= LARGE || !isPlain(rest) || stream.writableEnded || stream.destroyed) {
      flush();
      return write(chunk, ...rest);
    }
    if (length + size > ROOM) flush();
    if (typeof chunk === 'string') length += gathered.write(chunk, length);
    else length += (chunk as Buffer).copy(gathered, length);
    flushInTime();
    return !stream.writableNeedDrain;
  };

  stream.write = gather as Duplex['write'];
  stream.end = ((...rest: unknown[]) => {
    flush();
    return end(...rest);
  }) as Duplex['end'];
}

function mostBytes(chunk: unknown): number {
  if (typeof chunk === 'string') return chunk.length * UTF8_BYTES;
  return chunk instanceof Buffer ? chunk.length : Number.POSITIVE_INFINITY;
}

/** Nobody waits for this piece alone, and text is UTF-8. */
function isPlain([encoding, callback]: readonly unknown[]): boolean {
  return (encoding === undefined || encoding === 'utf8') && callback === undefined;
}
