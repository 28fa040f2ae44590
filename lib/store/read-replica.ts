/** Who the replicator of a store is, for commands that must not run beside it. */

import { resolve } from 'node:path';
import { DiskStore } from './disk-store.ts';
import { StoreLock } from './store-lock.ts';

/**
 * The id of the replica; undefined if the folder has no store.
 * @throws (rejects) StoreInUseError if a mqttrep runs with this store; DamagedStoreError, UnknownStoreError,
 *   StoreUnavailableError
 */
export async function replicaOf(path: string): Promise<string | undefined> {
  const folder = resolve(path);
  let lock: StoreLock;
  try {
    lock = await StoreLock.take(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const store = new DiskStore(folder, [], lock);
  try {
    const { metadata } = await store.load();
    return metadata.get('replica');
  } finally {
    await store.close();
  }
}
