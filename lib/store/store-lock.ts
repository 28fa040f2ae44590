/**
 * One process for each store: whoever has it listens on a socket in its folder.
 *
 * The system ends that with the thread, however it dies; so there is no lock to be left behind, no process id
 * to be mistaken for another's, and nothing to wait for after a crash. It holds between containers that share
 * a folder, too.
 */

import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { StoreInUseError } from './store-errors.ts';

const NAME = 'lock';

/** A socket's path may have some hundred bytes; this much is left for the folder. */
const LONGEST_FOLDER = 80;

export class StoreLock {
  readonly #server: Server;
  readonly #folder: FileHandle;

  private constructor(server: Server, folder: FileHandle) {
    this.#server = server;
    this.#folder = folder;
  }

  /**
   * Takes the lock of a folder.
   * @throws StoreInUseError, and what the system says, where there can be no sockets
   */
  static async take(folder: string): Promise<StoreLock> {
    const handle = await open(folder, 'r');
    try {
      return new StoreLock(await listenAlone(folder, shortName(folder, handle)), handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async release(): Promise<void> {
    await new Promise(closed => this.#server.close(closed));
    await this.#folder.close();
  }
}

/** Linux knows an open folder by another name, which is short. */
function shortName(folder: string, { fd }: FileHandle): string {
  const isLong = Buffer.byteLength(folder) > LONGEST_FOLDER;
  return isLong && process.platform === 'linux' ? `/proc/self/fd/${fd}` : folder;
}

async function listenAlone(folder: string, name: string): Promise<Server> {
  const path = join(name, NAME);
  for (;;) {
    const server = await listen(path);
    if (server !== undefined) return server;
    if (await isListening(path)) throw new StoreInUseError(folder);
    await removeStale(path, folder);
  }
}

/** Undefined where a socket of that name exists, whether somebody listens or not. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    // Whoever connects has learnt by that all there is to learn.
    const server = createServer(socket => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      // Its queue of connections is full: somebody is there.
      else if (error.code === 'EAGAIN') resolve(true);
      else reject(error);
    });
  });
}

/** Of two processes that find the same socket stale, one only gets to move it; and it looks at what it got. */
async function removeStale(path: string, folder: string): Promise<void> {
  const aside = `${path}-${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (await isListening(aside)) {
    await rename(aside, path);
    throw new StoreInUseError(folder);
  }
  await rm(aside);
}
