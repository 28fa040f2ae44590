/** The store on disk: what survives a process, and what can happen to its folder. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { DiskStore } from '../../lib/store/disk-store.ts';
import { inFull } from '../support/in-full.ts';
import { killAtExit } from '../support/kill-at-exit.ts';
import { BROKERS, StoreFolder } from './store-folder.ts';
import { commit, settledTopic } from './topics.ts';

describe('The store on disk', () => {
  let folder: StoreFolder;

  beforeEach(() => {
    folder = new StoreFolder();
  });

  it('creates a folder that only its owner can read', async () => {
    folder = new StoreFolder(join(folder.path, 'a/b'));
    const { store } = await folder.open();
    await store.close();
    expect(statSync(folder.path).mode & 0o777).to.equal(0o700);
  });

  it('returns the topics and metadata when it is opened again', async () => {
    const { store } = await folder.open();
    await commit(store, [['t', settledTopic('1')]], [['replica', 'r1']]);
    await store.close();
    const again = await folder.open();
    expect(again.state.metadata.get('replica')).to.equal('r1');
    expect(new Map(again.state.topics).get('t')).to.deep.equal(settledTopic('1'));
    await again.store.close();
  });

  it('returns the metadata before it reads the topics, even if some of them are damaged', async () => {
    const recalled: (string | undefined)[] = [];
    const openAndTell = () => folder.open(BROKERS, facts => recalled.push(facts.get('replica')));
    const { store } = await openAndTell();
    await commit(store, [['t', settledTopic('1')]], [['replica', 'r1']]);
    await store.close();
    expect(recalled, 'of a new one').to.deep.equal([]);
    const [file = ''] = readdirSync(folder.path).filter(name => name.endsWith('.log'));
    const bytes = readFileSync(join(folder.path, file));
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(join(folder.path, file), bytes);
    const { store: again, state } = await openAndTell();
    expect(recalled).to.deep.equal(['r1']);
    expect(state.metadata.size, 'of what is left').to.equal(0);
    await again.close();
  });

  it('renames a damaged file, never deletes it, and keeps the next commits', async () => {
    const { store } = await folder.open();
    for (let i = 0; i < 5; i++) await commit(store, [['t', settledTopic(String(i))]]);
    await store.close();
    const file = join(folder.path, 'state-1.log');
    const bytes = readFileSync(file);
    const middle = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    writeFileSync(file, bytes);
    const again = await folder.open();
    expect([...again.state.topics]).to.deep.equal([]);
    expect(folder.log.join()).to.match(/is damaged .* it is now .*damaged-.*first contact/);
    const aside = readdirSync(folder.path).find(name => name.startsWith('damaged-')) ?? '';
    expect(readFileSync(join(folder.path, aside)).equals(bytes)).to.equal(true);
    await commit(again.store, [['u', settledTopic('1')]]);
    await again.store.close();
    const third = await folder.open();
    expect([...third.state.topics].map(([topic]) => topic)).to.deep.equal(['u']);
    await third.store.close();
  });

  it('stays small, however often its topics change, and returns the last state', async () => {
    const { store } = await folder.open();
    const payload = 'x'.repeat(10_000);
    for (let i = 0; i < 100; i++) {
      await commit(
        store,
        Array.from({ length: 30 }, (_, j) => [`t${j}`, settledTopic(`${payload}${i}`)]),
      );
    }
    await store.close();
    const files = readdirSync(folder.path).filter(name => name.startsWith('state-'));
    expect(files).to.have.lengthOf(1);
    // Of 30 MB that were written; 0.3 MB are of the present.
    expect(statSync(join(folder.path, files[0] ?? '')).size).to.be.lessThan(8_000_000);
    const again = await folder.open();
    const payloads = [...again.state.topics].map(([, { register }]) => register.winner?.payload);
    expect(payloads).to.have.lengthOf(30);
    expect([...new Set(payloads)]).to.deep.equal([`${payload}99`]);
    await again.store.close();
  });

  it('ignores an incomplete new file that a crash has left', async () => {
    const { store } = await folder.open();
    await commit(store, [['t', settledTopic('1')]]);
    await store.close();
    writeFileSync(join(folder.path, 'state-2.log.new'), 'mqttrep\x02half');
    const again = await folder.open();
    expect([...again.state.topics]).to.have.lengthOf(1);
    expect(readdirSync(folder.path)).not.to.include('state-2.log.new');
    await again.store.close();
  });

  it('logs that the folder cannot be used, and runs without a store', async () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    folder = new StoreFolder(join(file, 'store'));
    const { store, state } = await folder.open();
    expect(store.isLasting).to.equal(false);
    expect([...state.topics]).to.deep.equal([]);
    expect(folder.log.join()).to.match(
      /cannot be used \(.*\).*MQTTREP_STORE.*; replication runs without a store/,
    );
  });

  it('does not try without end to create a folder below one that has no room for any, such as /proc', async function () {
    if (process.platform !== 'linux') this.skip();
    folder = new StoreFolder('/proc/mqttrep/store');
    const { store } = await folder.open();
    expect(store.isLasting).to.equal(false);
    expect(folder.log.join()).to.match(/the store \/proc\/mqttrep\/store cannot be used \(ENOENT/);
  });

  it('holds complete commits only, in their order, if the process is killed during a commit', async function () {
    this.timeout(60_000);
    const rounds = Array.from({ length: inFull(10, 3) }, (_, round) => killedAt(round));
    await Promise.all(rounds);

    async function killedAt(round: number): Promise<void> {
      const path = join(folder.path, String(round));
      mkdirSync(path);
      const child = fork(join(import.meta.dirname, 'committing-child.js'), [path]);
      killAtExit(child);
      let committed = 0;
      child.on('message', (number: number) => {
        committed = number;
        if (number === 5 + round * 3) child.kill('SIGKILL');
      });
      await once(child, 'exit');
      const store = new DiskStore(path, BROKERS);
      const topics = new Map((await store.load()).topics);
      const payloads = new Set([...topics.values()].map(({ register }) => register.winner?.payload));
      expect([...payloads], 'one commit writes all topics').to.have.lengthOf(1);
      expect(Number([...payloads][0])).to.be.at.least(committed);
      await store.close();
    }
  });
});
