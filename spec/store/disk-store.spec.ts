/** What outlives a process, and what may befall a folder. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { DiskStore } from '../../lib/store/disk-store.ts';
import { openStore } from '../../lib/store/open-store.ts';
import { failureOf } from '../support/failure-of.ts';
import { killAtExit } from '../support/kill-at-exit.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { commit, message, settledTopic } from './topics.ts';

const BROKERS = ['A', 'B'];

describe('a folder with a store', () => {
  let folder: string;
  const log: string[] = [];
  const open = (brokers = BROKERS) => openStore(folder, brokers, (_level, line) => log.push(line));

  beforeEach(async () => {
    folder = await tempFolder('store');
    log.length = 0;
  });

  it('is created, for its owner alone', async () => {
    folder = join(folder, 'a/b');
    const { store } = await open();
    await store.close();
    expect(existsSync(folder)).to.equal(true);
  });

  it('has the topics and facts when it is opened again', async () => {
    const { store } = await open();
    await commit(store, [['t', settledTopic('1')]], [['replica', 'r1']]);
    await store.close();
    const again = await open();
    expect(again.state.facts.get('replica')).to.equal('r1');
    expect(new Map(again.state.topics).get('t')).to.deep.equal(settledTopic('1'));
    await again.store.close();
  });

  it('knows brokers by name, though some were added and removed', async () => {
    const { store } = await open(['A', 'B', 'C']);
    const a = message('a', 0);
    const c = message('c', 2);
    const { register } = settledTopic('x', 3);
    const stored = {
      register: { ...register, winner: c, held: [a, 'absent', c] as const, unretained: 4 },
      seen: [1, 2, 3],
    };
    await commit(store, [['t', stored]]);
    await store.close();
    const again = await open(['B', 'C', 'D']);
    const found = new Map(again.state.topics).get('t');
    expect(found?.register.held[0]).to.equal('absent');
    expect(found?.register.held[1]).to.deep.equal({ ...c, origin: 1 });
    expect(found?.register.held[2]).to.equal('unknown');
    expect(found?.register.winner?.origin).to.equal(1);
    expect(found?.register.unretained).to.equal(2);
    expect(found?.seen).to.deep.equal([2, 3, 0]);
    await again.store.close();
  });

  it('is refused to a second process, which is told what to do', async function () {
    this.timeout(20_000);
    const { store } = await open();
    const error = await failureOf(DiskStore.open(join(folder, 'state'), BROKERS));
    expect(error.message).to.match(/another process uses the store .*MQTTREP_STORE/);
    await store.close();
  });

  it('goes to a process that waits for the one before it to end', async () => {
    const first = await open();
    const second = open();
    await first.store.close();
    await (await second).store.close();
  });

  for (const kind of ['CURRENT', 'MANIFEST', '.ldb'] as const) {
    it(`is moved aside, and never deleted, when its ${kind} is damaged`, async () => {
      const { store } = await open();
      for (let i = 0; i < 30; i++) {
        await commit(
          store,
          Array.from({ length: 500 }, (_, j) => [`t${j}`, settledTopic(String(Math.random()).repeat(40))]),
        );
      }
      await store.close();
      const database = join(folder, 'state');
      const file = readdirSync(database).find(name => name.includes(kind));
      expect(file, `a file of kind ${kind}`).not.to.equal(undefined);
      const path = join(database, file ?? '');
      writeFileSync(
        path,
        readFileSync(path)
          .map((byte, i) => (i % 400 === 0 ? byte ^ 255 : byte))
          .subarray(0, kind === 'CURRENT' ? 3 : undefined),
      );
      const again = await open();
      expect([...again.state.topics]).to.deep.equal([]);
      expect(log.join()).to.match(/is damaged .* it was moved to .*damaged-/);
      expect(readdirSync(folder).some(name => name.startsWith('damaged-'))).to.equal(true);
      await again.store.close();
    });
  }

  it('that cannot be used is said, and done without', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    folder = join(file, 'store');
    const { store, state } = await open();
    expect(store.isLasting).to.equal(false);
    expect([...state.topics]).to.deep.equal([]);
    expect(log.join()).to.match(/cannot be used \(.*\).*MQTTREP_STORE; replication goes on without a store/);
  });

  it('holds whole commits only, in their order, though the process is killed amid them, ten times', async function () {
    this.timeout(60_000);
    for (let round = 0; round < 10; round++) {
      const child = fork(join(import.meta.dirname, 'committing-child.js'), [join(folder, `db${round}`)]);
      killAtExit(child);
      let committed = 0;
      child.on('message', (number: number) => {
        committed = number;
        if (number === 5 + round * 3) child.kill('SIGKILL');
      });
      await once(child, 'exit');
      const store = await DiskStore.open(join(folder, `db${round}`), BROKERS);
      const topics = new Map((await store.load()).topics);
      const payloads = new Set([...topics.values()].map(({ register }) => register.winner?.payload));
      expect([...payloads], 'one commit writes all topics').to.have.lengthOf(1);
      expect(Number([...payloads][0])).to.be.at.least(committed);
      await store.close();
    }
  });
});
