/** The store on disk: what survives a process, and what can happen to its folder. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Message } from '../../lib/core/register.ts';
import { unretainedAt } from '../../lib/core/retain-inference.ts';
import { DiskStore } from '../../lib/store/disk-store.ts';
import { openStore } from '../../lib/store/open-store.ts';
import type { StoredTopic } from '../../lib/store/state-store.ts';
import { StoreInUseError } from '../../lib/store/store-errors.ts';
import { StoreLock } from '../../lib/store/store-lock.ts';
import { failureOf } from '../support/failure-of.ts';
import { inFull } from '../support/in-full.ts';
import { killAtExit } from '../support/kill-at-exit.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { commit, message, settledTopic } from './topics.ts';

const BROKERS = ['A', 'B'];

describe('The store on disk', () => {
  let folder: string;
  const log: string[] = [];
  const open = (brokers = BROKERS) =>
    openStore({ kind: 'folder', path: folder }, brokers, (_level, line) => log.push(line));

  beforeEach(async () => {
    folder = await tempFolder('store');
    log.length = 0;
  });

  it('creates a folder that only its owner can read', async () => {
    folder = join(folder, 'a/b');
    const { store } = await open();
    await store.close();
    expect(existsSync(folder)).to.equal(true);
  });

  it('returns the topics and metadata when it is opened again', async () => {
    const { store } = await open();
    await commit(store, [['t', settledTopic('1')]], [['replica', 'r1']]);
    await store.close();
    const again = await open();
    expect(again.state.metadata.get('replica')).to.equal('r1');
    expect(new Map(again.state.topics).get('t')).to.deep.equal(settledTopic('1'));
    await again.store.close();
  });

  it('returns the metadata before it reads the topics, even if some of them are damaged', async () => {
    const recalled: (string | undefined)[] = [];
    const openAndTell = () =>
      openStore(
        { kind: 'folder', path: folder },
        BROKERS,
        (_level, line) => log.push(line),
        facts => recalled.push(facts.get('replica')),
      );
    const { store } = await openAndTell();
    await commit(store, [['t', settledTopic('1')]], [['replica', 'r1']]);
    await store.close();
    expect(recalled, 'of a new one').to.deep.equal([]);
    const [file = ''] = readdirSync(folder).filter(name => name.endsWith('.log'));
    const bytes = readFileSync(join(folder, file));
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(join(folder, file), bytes);
    const { store: again, state } = await openAndTell();
    expect(recalled).to.deep.equal(['r1']);
    expect(state.metadata.size, 'of what is left').to.equal(0);
    await again.close();
  });

  it('recognizes brokers by name after some were added and removed', async () => {
    const { store } = await open(['A', 'B', 'C']);
    const a = message('a', 0);
    const c = message('c', 2);
    const { register } = settledTopic('x', 3);
    const stored = {
      register: { ...register, winner: c, held: [a, 'absent', c] as const, inference: unretainedAt(4) },
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
    expect(found?.register.inference.unretained).to.equal(2);
    expect(found?.seen).to.deep.equal([2, 3, 0]);
    await again.store.close();
  });

  it('stores brokers that are added while it is open', async () => {
    const { store } = await open(['A', 'C']);
    const payload = 'x'.repeat(100_000);
    const many = (text: string, brokers: number) =>
      Array.from({ length: 30 }, (_, index) => [`t${index}`, settledTopic(text + payload, brokers)] as const);
    const registers = new Map<string, StoredTopic>(many('1', 2));
    const save = (topics: readonly (readonly [string, StoredTopic])[]) =>
      new Promise<void>((resolve, reject) => {
        for (const [topic, stored] of topics) registers.set(topic, stored);
        const changes = { topics: new Map(topics), metadata: undefined, all: registers };
        store.commit(changes, error => (error === undefined ? resolve() : reject(error)));
      });
    // Enough to have the file compacted just when the brokers change.
    for (let round = 0; round < 4; round++) await save(many('1', 2));
    const last = save(many('2', 2));
    for (const [topic, stored] of many('3', 3)) registers.set(topic, stored);
    store.useBrokers(['A', 'C', 'B']);
    await last;
    await save(many('3', 3));
    await store.close();
    const again = await open(['A', 'B', 'C']);
    expect(log).to.deep.equal([]);
    const topics = [...again.state.topics];
    expect(topics).to.have.lengthOf(30);
    for (const [, found] of topics) {
      expect(found.register.held.map(held => (held as Message).payload.at(0))).to.deep.equal(['3', '3', '3']);
    }
    await again.store.close();
  });

  it('forgets what a removed broker held, even if the broker is added again', async () => {
    const { store } = await open(['A', 'B']);
    await commit(store, [['t', settledTopic('1')]], [['known:B', '1']]);
    await store.close();
    const without = await open(['A']);
    await commit(without.store, [['u', settledTopic('2', 1)]], []);
    await without.store.close();
    const again = await open(['A', 'B']);
    const topics = new Map(again.state.topics);
    expect(topics.get('u')?.register.held[1]).to.equal('unknown');
    expect(again.state.metadata.has('known:B')).to.equal(false);
    await again.store.close();
  });

  it('refuses a second process and tells it what to do', async () => {
    const { store } = await open();
    const error = await failureOf(StoreLock.take(folder));
    expect(error.message).to.match(/another process uses the store .*MQTTREP_STORE/);
    await store.close();
  });

  it('refuses a second process, however long the path of the folder is', async () => {
    folder = join(folder, 'a'.repeat(100), 'b'.repeat(100));
    const { store } = await open();
    expect(await failureOf(StoreLock.take(folder))).to.be.instanceOf(StoreInUseError);
    await store.close();
    await (await StoreLock.take(folder)).release();
  });

  it('can be locked by another process after the first one was killed', async () => {
    const child = fork(join(import.meta.dirname, 'locking-child.js'), [folder]);
    killAtExit(child);
    await once(child, 'message');
    expect(await failureOf(StoreLock.take(folder))).to.be.instanceOf(StoreInUseError);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await StoreLock.take(folder)).release();
  });

  it('is locked by exactly one of several processes, twenty times, and one lock is left', async () => {
    for (let round = 0; round < 20; round++) {
      const locks = await Promise.allSettled(Array.from({ length: 8 }, () => StoreLock.take(folder)));
      const taken = locks.filter(lock => lock.status === 'fulfilled');
      expect(taken, `in round ${round}`).to.have.lengthOf(1);
      for (const lock of locks)
        if (lock.status === 'rejected') expect(lock.reason).to.be.instanceOf(StoreInUseError);
      for (const { value } of taken) await value.release();
    }
    expect(readdirSync(folder)).to.have.lengthOf(1);
  });

  it('is locked by a process that waits for the end of another one', async () => {
    const first = await open();
    const second = open();
    await first.store.close();
    await (await second).store.close();
  });

  it('renames a damaged file, never deletes it, and keeps the next commits', async () => {
    const { store } = await open();
    for (let i = 0; i < 5; i++) await commit(store, [['t', settledTopic(String(i))]]);
    await store.close();
    const file = join(folder, 'state-1.log');
    const bytes = readFileSync(file);
    const middle = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    writeFileSync(file, bytes);
    const again = await open();
    expect([...again.state.topics]).to.deep.equal([]);
    expect(log.join()).to.match(/is damaged .* it is now .*damaged-.*first contact/);
    const aside = readdirSync(folder).find(name => name.startsWith('damaged-')) ?? '';
    expect(readFileSync(join(folder, aside)).equals(bytes)).to.equal(true);
    await commit(again.store, [['u', settledTopic('1')]]);
    await again.store.close();
    const third = await open();
    expect([...third.state.topics].map(([topic]) => topic)).to.deep.equal(['u']);
    await third.store.close();
  });

  it('stays small, however often its topics change, and returns the last state', async () => {
    const { store } = await open();
    const payload = 'x'.repeat(10_000);
    for (let i = 0; i < 100; i++) {
      await commit(
        store,
        Array.from({ length: 30 }, (_, j) => [`t${j}`, settledTopic(`${payload}${i}`)]),
      );
    }
    await store.close();
    const files = readdirSync(folder).filter(name => name.startsWith('state-'));
    expect(files).to.have.lengthOf(1);
    // Of 30 MB that were written; 0.3 MB are of the present.
    expect(statSync(join(folder, files[0] ?? '')).size).to.be.lessThan(8_000_000);
    const again = await open();
    const payloads = [...again.state.topics].map(([, { register }]) => register.winner?.payload);
    expect(payloads).to.have.lengthOf(30);
    expect([...new Set(payloads)]).to.deep.equal([`${payload}99`]);
    await again.store.close();
  });

  it('ignores an incomplete new file that a crash has left', async () => {
    const { store } = await open();
    await commit(store, [['t', settledTopic('1')]]);
    await store.close();
    writeFileSync(join(folder, 'state-2.log.new'), 'mqttrep\x02half');
    const again = await open();
    expect([...again.state.topics]).to.have.lengthOf(1);
    expect(readdirSync(folder)).not.to.include('state-2.log.new');
    await again.store.close();
  });

  it('logs that the folder cannot be used, and runs without a store', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    folder = join(file, 'store');
    const { store, state } = await open();
    expect(store.isLasting).to.equal(false);
    expect([...state.topics]).to.deep.equal([]);
    expect(log.join()).to.match(/cannot be used \(.*\).*MQTTREP_STORE.*; replication runs without a store/);
  });

  it('does not try without end to create a folder below one that has no room for any, such as /proc', async function () {
    if (process.platform !== 'linux') this.skip();
    folder = '/proc/mqttrep/store';
    const { store } = await open();
    expect(store.isLasting).to.equal(false);
    expect(log.join()).to.match(/the store \/proc\/mqttrep\/store cannot be used \(ENOENT/);
  });

  it('holds complete commits only, in their order, if the process is killed during a commit', async function () {
    this.timeout(60_000);
    const rounds = Array.from({ length: inFull(10, 3) }, (_, round) => killedAt(round));
    await Promise.all(rounds);

    async function killedAt(round: number): Promise<void> {
      const path = join(folder, String(round));
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
