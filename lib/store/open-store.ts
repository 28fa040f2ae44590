/**
 * From the configured place to a store that is read.
 *
 * All is read before anyone builds on it, because damage shows only then. A damaged store is moved aside,
 * never deleted, and one that cannot be used is done without: replication goes on as after a first contact,
 * which takes no absence for a deletion.
 */

import { mkdir, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { LogLevel } from '../protocol/messages.ts';
import { DiskStore } from './disk-store.ts';
import { MemoryStore } from './memory-store.ts';
import type { StateStore, StoredState } from './state-store.ts';
import { DamagedStoreError, reasonOf, StoreInUseError, StoreUnavailableError } from './store-errors.ts';

export interface OpenedStore {
  readonly store: StateStore;
  readonly state: StoredState;
}

type Log = (level: LogLevel, message: string) => void;

/** The database has a folder of its own inside: it can be moved aside even where the outer one is a mount. */
const DATABASE = 'state';

/** A process that is being replaced may still hold the store: it is asked for again for so many milliseconds. */
const IN_USE_LIMIT = 10_000;
const IN_USE_PAUSE = 250;

/**
 * Opens the store in a folder, or in `memory`.
 * @param brokers the names of the brokers, in the order of their indexes
 * @throws StoreInUseError
 */
export async function openStore(place: string, brokers: readonly string[], log: Log): Promise<OpenedStore> {
  if (place === 'memory') return loaded(new MemoryStore());
  try {
    const folder = resolve(place);
    await createFolder(folder);
    return await openFolder(folder, brokers, log);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    log('error', `${error.message}; replication goes on without a store`);
    return loaded(new MemoryStore());
  }
}

async function openFolder(folder: string, brokers: readonly string[], log: Log): Promise<OpenedStore> {
  const database = join(folder, DATABASE);
  try {
    const opened = await loaded(await openWhenFree(database, brokers));
    if (opened.state.unreadable > 0) {
      log(
        'warn',
        `${opened.state.unreadable} topics in ${folder} cannot be read, and are taken for new ones`,
      );
    }
    return opened;
  } catch (error) {
    if (!(error instanceof DamagedStoreError)) throw error;
    const aside = join(folder, `damaged-${new Date().toISOString().replaceAll(':', '-')}`);
    await moveAside(database, aside);
    log(
      'error',
      `${error.message}; it was moved to ${aside}, and replication starts as after a first contact`,
    );
    return loaded(await DiskStore.open(database, brokers));
  }
}

async function openWhenFree(database: string, brokers: readonly string[]): Promise<DiskStore> {
  const until = Date.now() + IN_USE_LIMIT;
  for (;;) {
    try {
      return await DiskStore.open(database, brokers);
    } catch (error) {
      if (!(error instanceof StoreInUseError) || Date.now() > until) throw error;
      await new Promise(tryAgain => setTimeout(tryAgain, IN_USE_PAUSE));
    }
  }
}

async function loaded(store: StateStore): Promise<OpenedStore> {
  try {
    return { store, state: await store.load() };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** People's data lies in it, so it is for nobody else to read. */
async function createFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StoreUnavailableError(folder, reasonOf(error));
  }
}

async function moveAside(database: string, aside: string): Promise<void> {
  try {
    await rename(database, aside);
  } catch (error) {
    throw new StoreUnavailableError(database, `it is damaged and cannot be moved aside: ${reasonOf(error)}`);
  }
}
