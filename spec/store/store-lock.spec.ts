/** Only one process at a time uses the folder of a store. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { StoreInUseError } from '../../lib/store/store-errors.ts';
import { StoreLock } from '../../lib/store/store-lock.ts';
import { failureOf } from '../support/failure-of.ts';
import { killAtExit } from '../support/kill-at-exit.ts';
import { StoreFolder } from './store-folder.ts';

describe('The store on disk', () => {
  let folder: StoreFolder;

  beforeEach(() => {
    folder = new StoreFolder();
  });

  it('refuses a second process and tells it what to do', async () => {
    const { store } = await folder.open();
    const error = await failureOf(StoreLock.take(folder.path));
    expect(error.message).to.match(/another process uses the store .*MQTTREP_STORE/);
    await store.close();
  });

  it('refuses a second process, however long the path of the folder is', async () => {
    folder = new StoreFolder(join(folder.path, 'a'.repeat(100), 'b'.repeat(100)));
    const { store } = await folder.open();
    expect(await failureOf(StoreLock.take(folder.path))).to.be.instanceOf(StoreInUseError);
    await store.close();
    await (await StoreLock.take(folder.path)).release();
  });

  it('can be locked by another process after the first one was killed', async () => {
    const child = fork(join(import.meta.dirname, 'locking-child.js'), [folder.path]);
    killAtExit(child);
    await once(child, 'message');
    expect(await failureOf(StoreLock.take(folder.path))).to.be.instanceOf(StoreInUseError);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await StoreLock.take(folder.path)).release();
  });

  it('is locked by exactly one of several processes, twenty times, and one lock is left', async () => {
    for (let round = 0; round < 20; round++) {
      const locks = await Promise.allSettled(Array.from({ length: 8 }, () => StoreLock.take(folder.path)));
      const taken = locks.filter(lock => lock.status === 'fulfilled');
      expect(taken, `in round ${round}`).to.have.lengthOf(1);
      for (const lock of locks)
        if (lock.status === 'rejected') expect(lock.reason).to.be.instanceOf(StoreInUseError);
      for (const { value } of taken) await value.release();
    }
    expect(readdirSync(folder.path)).to.have.lengthOf(1);
  });

  it('is locked by a process that waits for the end of another one', async () => {
    const first = await folder.open();
    const second = folder.open();
    await first.store.close();
    await (await second).store.close();
  });
});
