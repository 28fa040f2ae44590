/**
 * The disk, as logs of frames use it. A commit of few topics or events is a write of some hundred bytes and an fsync. In the pool of
 * Node.js each of the two wakes a thread, and then the caller again, which costs more than the work itself. So a small write, which
 * the page cache takes, is made in the thread of the caller. So is an fsync of little, as long as the disk is fast: whoever waits
 * for the commit waits for it anyway. While the disk is slow, syncs go to the pool, and the caller goes on meanwhile.
 */

import { fdatasyncSync, writeSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import type { Files, OpenFile } from './files.ts';

/** A larger write may wait for the disk, and to make more than this durable takes its time. */
const LITTLE_BYTES = 64 * 1024;

/** An fsync that takes longer than a wake of another thread by an order of magnitude. */
const SLOW_SYNC_MS = 1;

export const DISK: Files = {
  open: async (path, flags, mode) => openFile(await open(path, flags, mode)),
  readdir: folder => readdir(folder),
  rename,
  rm: path => rm(path),
};

function openFile(handle: FileHandle): OpenFile {
  let isFast = false;
  /** Bytes since the last sync. */
  let unsynced = 0;
  return {
    read: (...args) => handle.read(...args),
    truncate: length => handle.truncate(length),
    sync: () => handle.sync(),
    stat: () => handle.stat(),
    close: () => handle.close(),
    async write(buffer, offset, length, position) {
      unsynced += length;
      if (length > LITTLE_BYTES) return handle.write(buffer, offset, length, position);
      return { bytesWritten: writeSync(handle.fd, buffer, offset, length, position) };
    },
    async datasync() {
      const isLittle = unsynced <= LITTLE_BYTES;
      unsynced = 0;
      const begin = performance.now();
      if (isFast && isLittle) fdatasyncSync(handle.fd);
      else await handle.datasync();
      if (isLittle) isFast = performance.now() - begin < SLOW_SYNC_MS;
    },
  };
}
