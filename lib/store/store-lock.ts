/**
 * The lock of a store: the process that holds it listens on a socket in the folder of the store.
 *
 * The system closes the socket when the thread ends, however it ends. So a crash leaves no stale lock, nothing has to be
 * waited for, and no process id can be mistaken for another one. The lock also works between containers that share a folder.
 *
 * Each lock has a number; the highest number counts. A socket listens before it gets its number. So a numbered socket
 * without a listener never gets one again: the lock is free. To take it, a process takes the next number, which only one
 * process can, and then checks that no higher number was taken meanwhile. The highest number is never removed.
 */

import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { StoreInUseError } from './store-errors.ts';

/** A lock is a folder with the socket in it: the rename of a folder fails if the name is taken by one that is not empty. */
const PREFIX = 'lock-';
const SOCKET = 's';

/** The path of a socket can have about 100 bytes; so many may be those of the folder. */
const MAX_FOLDER_PATH_BYTES = 80;

export class StoreLock {
  readonly #server: Server;
  readonly #folder: FileHandle;

  private constructor(server: Server, folder: FileHandle) {
    this.#server = server;
    this.#folder = folder;
  }

  /**
   * @throws StoreInUseError, or the error of the system if no socket can be created there
   */
  static async take(folder: string): Promise<StoreLock> {
    const handle = await open(folder, 'r');
    const own = `${PREFIX}${randomBytes(6).toString('hex')}.new`;
    const name = shortName(folder, handle);
    let server: Server | undefined;
    try {
      await mkdir(join(folder, own));
      server = await listen(join(name, own, SOCKET));
      await claim(folder, name, own);
      return new StoreLock(server, handle);
    } catch (error) {
      if (server !== undefined) await closed(server);
      await discard(join(folder, own));
      await handle.close();
      // The holder of the lock removes other locks, also one that has no number yet.
      throw isCodeOf(error, 'ENOENT') ? new StoreInUseError(folder) : error;
    }
  }

  async release(): Promise<void> {
    await closed(this.#server);
    await this.#folder.close();
  }
}

/** On Linux, an open folder has another, short path. */
function shortName(folder: string, { fd }: FileHandle): string {
  const isLong = Buffer.byteLength(folder) > MAX_FOLDER_PATH_BYTES;
  return isLong && process.platform === 'linux' ? `/proc/self/fd/${fd}` : folder;
}

/** Gives our listening socket the next number, if nobody listens on the last one. */
async function claim(folder: string, name: string, own: string): Promise<void> {
  const last = highestOf(await locksIn(folder));
  if (last > 0 && (await isListening(join(name, named(last), SOCKET)))) throw new StoreInUseError(folder);
  const number = last + 1;
  try {
    await rename(join(folder, own), join(folder, named(number)));
  } catch (error) {
    // Another process was faster.
    throw isCodeOf(error, 'ENOTEMPTY', 'EEXIST') ? new StoreInUseError(folder) : error;
  }
  const locks = await locksIn(folder);
  const isLate = highestOf(locks) > number;
  const obsolete = locks.filter(lock => (lock === named(number)) === isLate);
  for (const lock of obsolete) await discard(join(folder, lock));
  if (isLate) throw new StoreInUseError(folder);
}

/** Errors do not matter: another process may be writing to the folder. */
async function discard(lock: string): Promise<void> {
  await rm(lock, { recursive: true, force: true }).catch(() => undefined);
}

function isCodeOf(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

async function locksIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter(name => name.startsWith(PREFIX));
}

function named(number: number): string {
  return `${PREFIX}${number}`;
}

/** 0 if no lock has a number. */
function highestOf(locks: readonly string[]): number {
  return Math.max(0, ...locks.map(lock => Number(/^lock-(\d+)$/.exec(lock)?.[1] ?? 0)));
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    // A process that connects only needs to know that somebody listens.
    const server = createServer(socket => socket.destroy());
    server.once('error', reject);
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function closed(server: Server): Promise<unknown> {
  return new Promise(resolve => server.close(resolve));
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
      // The queue of connections is full: somebody listens.
      else if (error.code === 'EAGAIN') resolve(true);
      else reject(error);
    });
  });
}
