/**
 * Gathers all writes to a stream in one turn of the event loop into one write.
 *
 * mqtt-packet writes a PUBLISH in up to thirty pieces, and a PUBACK in three. Each piece is an entry in the queue of the
 * stream and a vector of a system call, which cost more than its bytes. One write a turn also saves most of the system calls
 * for acknowledgements.
 */

import type { Duplex } from 'node:stream';

/** Most bytes that are gathered before they leave. */
const MAX_GATHERED_BYTES = 64 * 1024;

/** A piece of at least this many bytes is not worth copying. */
const MIN_UNCOPIED_BYTES = 8 * 1024;

/** Most bytes of UTF-8 for one code unit of a string. */
const MAX_UTF8_BYTES = 3;

/**
 * Gathers writes to the stream until the end of the turn, the end of the stream, or until there are too many bytes. The order
 * stays, and so does the meaning of `false` and `drain`. Gathered bytes are lost when the stream is destroyed.
 */
export function gatherWrites(stream: Duplex): void {
  const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
  const end = stream.end.bind(stream) as (...rest: unknown[]) => Duplex;
  const gathered = Buffer.allocUnsafeSlow(MAX_GATHERED_BYTES);
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
    if (size >= MIN_UNCOPIED_BYTES || !isPlain(rest) || stream.writableEnded || stream.destroyed) {
      flush();
      return write(chunk, ...rest);
    }
    if (length + size > MAX_GATHERED_BYTES) flush();
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
  if (typeof chunk === 'string') return chunk.length * MAX_UTF8_BYTES;
  return chunk instanceof Buffer ? chunk.length : Number.POSITIVE_INFINITY;
}

/** The piece has no callback of its own, and text is UTF-8. */
function isPlain([encoding, callback]: readonly unknown[]): boolean {
  return (encoding === undefined || encoding === 'utf8') && callback === undefined;
}
