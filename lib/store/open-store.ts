/**
 * From the configured place to a store that is read.
 *
 * All is read before anyone builds on it, because damage shows only then. A damaged store is moved aside,
 * never deleted, and one that cannot be used is done without: replication goes on as after a first contact,
 * which takes no absence for a deletion.
 */

import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Log } from '../protocol/messages.ts';
import type { StorePlace } from '../protocol/settings.ts';
import { DiskStore } from './disk-store.ts';
import { NoStore } from './no-store.ts';
import type { StateStore, StoredState } from './state-store.ts';
import { DamagedStoreError, reasonOf, StoreInUseError, StoreUnavailableError } from './store-errors.ts';
import { StoreLock } from './store-lock.ts';

export interface OpenedStore {
  readonly store: StateStore;
  readonly state: StoredState;
}

/** A process that is being replaced may still hold the store: it is asked for again for so many milliseconds. */
const IN_USE_LIMIT = 10_000;
const IN_USE_RETRY_MS = 250;

/**
 * Opens the store in its folder, or one in memory.
 * @param brokers the names of the brokers, in the order of their indexes
 * @param recalled told the facts as soon as they are read, long before the topics are. The store may still turn out
 *   to be damaged
 * @throws StoreInUseError, UnknownStoreError
 */
export async function openStore(
  place: StorePlace,
  brokers: readonly string[],
  log: Log,
  recalled: (facts: ReadonlyMap<string, string>) => void = () => undefined,
): Promise<OpenedStore> {
  if (place.kind === 'memory') return loaded(new NoStore());
  try {
    const folder = resolve(place.path);
    await createFolder(folder);
    const store = new DiskStore(folder, brokers, await lockWhenFree(folder, log));
    return await loadedOrAside(store, log, recalled);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    log('error', `${error.message}; replication goes on without a store`);
    return loaded(new NoStore());
  }
}

async function loadedOrAside(
  store: DiskStore,
  log: Log,
  recalled: (facts: ReadonlyMap<string, string>) => void,
): Promise<OpenedStore> {
  try {
    return { store, state: await store.load(recalled) };
  } catch (error) {
    if (!(error instanceof DamagedStoreError)) {
      await store.close();
      throw error;
    }
    const aside = await store.setAside();
    log(
      'error',
      `${error.message}; it was moved to ${aside}, and replication starts as after a first contact`,
    );
    return loaded(store);
  }
}

async function lockWhenFree(folder: string, log: Log): Promise<StoreLock | undefined> {
  const until = Date.now() + IN_USE_LIMIT;
  for (;;) {
    try {
      return await StoreLock.take(folder);
    } catch (error) {
      if (!(error instanceof StoreInUseError)) {
        log('warn', `the store ${folder} cannot be kept from other processes (${reasonOf(error)})`);
        return undefined;
      }
      if (Date.now() > until) throw error;
      await new Promise(tryAgain => setTimeout(tryAgain, IN_USE_RETRY_MS));
    }
  }
}

async function loaded(store: StateStore): Promise<OpenedStore> {
  return { store, state: await store.load() };
}

/** People's data lies in it, so it is for nobody else to read. */
async function createFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StoreUnavailableError(folder, reasonOf(error));
  }
}
