/**
 * Opens the store at the configured place and reads it.
 *
 * The whole store is read before anything is done with its contents, because damage shows only then. A damaged store is
 * renamed, never deleted. If a store cannot be used, replication runs without one, as after a first contact: then an absent
 * topic is never taken for a deletion.
 */

import { resolve } from 'node:path';
import type { Log } from '../protocol/messages.ts';
import type { StorePlace } from '../protocol/settings.ts';
import { createFolder } from './create-folder.ts';
import { DiskStore } from './disk-store.ts';
import { NoStore } from './no-store.ts';
import type { StateStore, StoredState } from './state-store.ts';
import { DamagedStoreError, reasonOf, StoreInUseError, StoreUnavailableError } from './store-errors.ts';
import { StoreLock } from './store-lock.ts';

export interface OpenedStore {
  readonly store: StateStore;
  readonly state: StoredState;
}

/** A process that is being replaced may still hold the lock: mqttrep tries again for so long. */
const IN_USE_TIMEOUT_MS = 10_000;
const IN_USE_RETRY_MS = 250;

/**
 * @param brokers the names of the brokers, by index
 * @param recalled called with the metadata as soon as it is read, long before the topics are. The store may still turn out
 *   to be damaged
 * @throws StoreInUseError, UnknownStoreError
 */
export async function openStore(
  place: StorePlace,
  brokers: readonly string[],
  log: Log,
  recalled: (metadata: ReadonlyMap<string, string>) => void = () => undefined,
): Promise<OpenedStore> {
  if (place.kind === 'memory') return loaded(new NoStore());
  try {
    const folder = resolve(place.path);
    await createFolder(folder).catch(error => {
      throw new StoreUnavailableError(folder, reasonOf(error));
    });
    const store = new DiskStore(folder, brokers, await lockWhenFree(folder, log));
    return await loadOrSetAside(store, log, recalled);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    log('error', `${error.message}; replication runs without a store`);
    return loaded(new NoStore());
  }
}

async function loadOrSetAside(
  store: DiskStore,
  log: Log,
  recalled: (metadata: ReadonlyMap<string, string>) => void,
): Promise<OpenedStore> {
  try {
    return { store, state: await store.load(recalled) };
  } catch (error) {
    if (!(error instanceof DamagedStoreError)) {
      await store.close();
      throw error;
    }
    const path = await store.setAside();
    log('error', `${error.message}; it is now ${path}, and replication starts as at a first contact`);
    return loaded(store);
  }
}

/** The lock of a folder, which a process that is being replaced may still hold; undefined if it cannot be locked. */
export async function lockWhenFree(folder: string, log: Log): Promise<StoreLock | undefined> {
  const deadline = performance.now() + IN_USE_TIMEOUT_MS;
  for (;;) {
    try {
      return await StoreLock.take(folder);
    } catch (error) {
      if (!(error instanceof StoreInUseError)) {
        log(
          'warn',
          `the store ${folder} cannot be locked (${reasonOf(error)}): make sure that no other process uses it`,
        );
        return undefined;
      }
      if (performance.now() > deadline) throw error;
      await new Promise(retry => setTimeout(retry, IN_USE_RETRY_MS));
    }
  }
}

async function loaded(store: StateStore): Promise<OpenedStore> {
  return { store, state: await store.load() };
}
