/** Moves damaged bytes of a segment out of the way. They are never deleted: a person may still read events in them. */

import { basename, dirname, join } from 'node:path';
import type { Files } from '../../store/files.ts';

const COPY_BYTES = 1024 * 1024;

/**
 * Copies the bytes of a file from a position on to another file in its folder, and cuts them off. A whole file is renamed.
 * Bytes that the disk does not return are left out.
 * @returns the path of the other file
 */
export async function setAsideFrom(path: string, from: number, files: Files): Promise<string> {
  const time = new Date().toISOString().replaceAll(':', '-');
  const aside = join(dirname(path), `damaged-${time}-${basename(path)}`);
  if (from === 0) {
    await files.rename(path, aside);
    return aside;
  }
  const source = await files.open(path, 'r+');
  const target = await files.open(aside, 'w+', 0o600);
  try {
    const { size } = await source.stat();
    const chunk = Buffer.allocUnsafe(COPY_BYTES);
    for (let at = from; at < size; at += COPY_BYTES) {
      const read = source.read(chunk, 0, Math.min(COPY_BYTES, size - at), at);
      const { bytesRead } = await read.catch(() => ({ bytesRead: 0 }));
      for (let written = 0; written < bytesRead; ) {
        const { bytesWritten } = await target.write(chunk, written, bytesRead - written, at - from + written);
        written += bytesWritten;
      }
    }
    await target.datasync();
    await source.truncate(from);
    await source.datasync();
  } finally {
    await source.close();
    await target.close();
  }
  return aside;
}
