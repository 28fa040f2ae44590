/**
 * The disk of the event log. Each event needs a commit: a write of some hundred bytes and an fsync. In the pool of Node.js each of
 * the two wakes a thread, and then the event actor again, which costs more than the work itself. So a small write, which the page
 * cache takes, is made in the thread of the actor. So is an fsync, as long as the disk is fast. While it is slow, syncs go to the
 * pool, and the actor goes on meanwhile.
 */

import { fdatasyncSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DISK, type Files, type OpenFile } from '../../store/files.ts';

/** A larger write may wait for the disk. */
const MAX_WRITE_BYTES = 64 * 1024;

/** An fsync that takes longer than a wake of another thread by an order of magnitude. */
const SLOW_SYNC_MS = 1;

export const LOG_DISK: Files = {
  ...DISK,
  open: async (path, flags, mode) => openFile(await open(path, flags, mode)),
};

function openFile(handle: FileHandle): OpenFile {
  let isFast = false;
  return {
    read: (...args) => handle.read(...args),
    truncate: length => handle.truncate(length),
    sync: () => handle.sync(),
    stat: () => handle.stat(),
    close: () => handle.close(),
    async write(buffer, offset, length, position) {
      if (length > MAX_WRITE_BYTES) return handle.write(buffer, offset, length, position);
      return { bytesWritten: writeSync(handle.fd, buffer, offset, length, position) };
    },
    async datasync() {
      const begin = performance.now();
      if (isFast) fdatasyncSync(handle.fd);
      else await handle.datasync();
      isFast = performance.now() - begin < SLOW_SYNC_MS;
    },
  };
}
