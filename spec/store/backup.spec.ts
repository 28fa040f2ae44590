/** docs/operating.md says how to back up a store: a copy of its folder holds the state of a commit, also during writes. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { openStore } from '../../lib/store/open-store.ts';
import { failureOf } from '../support/failure-of.ts';
import { killAtExit } from '../support/kill-at-exit.ts';
import { tempFolder } from '../support/temp-folder.ts';

const BROKERS = ['A', 'B'];
const COPIES = 40;

/** The process compacts its file often. If that happens during a copy, the copy is repeated. */
const TRIES = 20;

/** As `cp -r` by an operator: without the locks, which are sockets, and repeated if a file has disappeared meanwhile. */
async function copied(folder: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const copy = tempFolder('copy');
    try {
      for (const name of await readdir(folder)) {
        if (name.startsWith('state-')) await cp(join(folder, name), join(copy, name));
      }
      return copy;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === TRIES) throw error;
    }
  }
}

describe('A copy of a store', () => {
  it('is complete, and holds the state of one of the commits that are made during the copy', async function () {
    this.timeout(60_000);
    const folder = tempFolder('backup');
    const child = fork(join(import.meta.dirname, 'committing-child.js'), [folder]);
    killAtExit(child);
    const exit = once(child, 'exit');
    let committed = 0;
    child.on('message', (number: number) => {
      committed = number;
    });
    await once(child, 'message');
    const files = new Set<string>();
    const log: string[] = [];
    for (let time = 0; time < COPIES || files.size < 3; time++) {
      const before = committed;
      const copy = await copied(folder);
      const after = committed;
      for (const name of await readdir(copy)) files.add(name.replace('.new', ''));
      const { store, state } = await openStore({ kind: 'folder', path: copy }, BROKERS, (_level, line) =>
        log.push(line),
      );
      const payloads = [...state.topics].map(([, { register }]) => register.winner?.payload);
      expect(payloads, 'every commit writes all topics').to.have.lengthOf(200);
      expect([...new Set(payloads)]).to.have.lengthOf(1);
      // The child's report of its last commits may not have arrived yet.
      expect(Number(payloads[0])).to.be.at.least(before);
      expect(log).to.deep.equal([]);
      await store.close();
      if (after === before) await once(child, 'message');
    }
    child.kill('SIGKILL');
    await exit;
    expect(files.size, 'the file was replaced between copies').to.be.at.least(3);
  });

  it('can be opened while the original is in use and locked', async () => {
    const folder = tempFolder('backup');
    const silent = () => undefined;
    const { store } = await openStore({ kind: 'folder', path: folder }, BROKERS, silent);
    await new Promise<void>((resolve, reject) => {
      const changes = { topics: new Map(), metadata: new Map([['replica', 'r1']]), all: new Map() };
      store.commit(changes, error => (error === undefined ? resolve() : reject(error)));
    });
    const copy = await openStore({ kind: 'folder', path: await copied(folder) }, BROKERS, silent);
    expect(copy.state.metadata.get('replica')).to.equal('r1');
    await copy.store.close();
    await store.close();
  });

  it('makes cp fail if the file disappeared meanwhile', async () => {
    const folder = tempFolder('backup');
    expect(await failureOf(cp(join(folder, 'state-1.log'), join(folder, 'copy')))).to.have.property(
      'code',
      'ENOENT',
    );
  });
});
