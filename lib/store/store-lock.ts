/**
 * One process for each store: whoever has it listens on a socket in its folder.
 *
 * The system ends that with the thread, however it dies; so there is no lock to be left behind, no process id
 * to be mistaken for another's, and nothing to wait for after a crash. It holds between containers that share
 * a folder, too.
 *
 * Each lock has a number of its own, and the one with the highest counts. A socket listens before it gets its
 * number, so one on which nobody listens will never be listened on again: that is how a lock is free. Its
 * successor takes the next number, which one process only can, and looks whether meanwhile a still higher
 * one was taken. The highest is never removed.
 */

import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { StoreInUseError } from './store-errors.ts';

/** A lock is a folder, since a folder can be given a name that is not taken in one step; the socket is in it. */
const PREFIX = 'lock-';
const SOCKET = 's';

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
      // Whoever has the lock tidies up, also what is about to become one.
      throw isCodeOf(error, 'ENOENT') ? new StoreInUseError(folder) : error;
    }
  }

  async release(): Promise<void> {
    await closed(this.#server);
    await this.#folder.close();
  }
}

/** Linux knows an open folder by another name, which is short. */
function shortName(folder: string, { fd }: FileHandle): string {
  const isLong = Buffer.byteLength(folder) > LONGEST_FOLDER;
  return isLong && process.platform === 'linux' ? `/proc/self/fd/${fd}` : folder;
}

/** Gives what listens already the next number, if nobody listens under the last one. */
async function claim(folder: string, name: string, own: string): Promise<void> {
  const last = highestOf(await locksIn(folder));
  if (last > 0 && (await isListening(join(name, named(last), SOCKET)))) throw new StoreInUseError(folder);
  const number = last + 1;
  try {
    await rename(join(folder, own), join(folder, named(number)));
  } catch (error) {
    // Another one was quicker.
    throw isCodeOf(error, 'ENOTEMPTY', 'EEXIST') ? new StoreInUseError(folder) : error;
  }
  const locks = await locksIn(folder);
  const isLate = highestOf(locks) > number;
  const obsolete = locks.filter(lock => (lock === named(number)) === isLate);
  for (const lock of obsolete) await discard(join(folder, lock));
  if (isLate) throw new StoreInUseError(folder);
}

/** As far as that is possible: another process may be about to put something in. */
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

/** 0 where none has a number. */
function highestOf(locks: readonly string[]): number {
  return Math.max(0, ...locks.map(lock => Number(/^lock-(\d+)$/.exec(lock)?.[1] ?? 0)));
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    // Whoever connects has learnt by that all there is to learn.
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
      // Its queue of connections is full: somebody is there.
      else if (error.code === 'EAGAIN') resolve(true);
      else reject(error);
    });
  });
}
