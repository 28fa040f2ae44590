/** A store knows its brokers by name, whichever are added or removed. */

import { expect } from 'chai';
import { sliceOf } from '../../lib/core/payload.ts';
import type { Message } from '../../lib/core/register.ts';
import { unretainedAt } from '../../lib/core/retain-inference.ts';
import type { StoredTopic } from '../../lib/store/state-store.ts';
import { StoreFolder } from './store-folder.ts';
import { commit, message, settledTopic } from './topics.ts';

describe('The store on disk', () => {
  let folder: StoreFolder;

  beforeEach(() => {
    folder = new StoreFolder();
  });

  it('recognizes brokers by name after some were added and removed', async () => {
    const { store } = await folder.open(['A', 'B', 'C']);
    const a = message('a', 0);
    const c = message('c', 2);
    const { register } = settledTopic('x', 3);
    const stored = {
      register: { ...register, winner: c, held: [a, 'absent', c] as const, inference: unretainedAt(4) },
      seenAt: [1, 2, 3],
    };
    await commit(store, [['t', stored]]);
    await store.close();
    const again = await folder.open(['B', 'C', 'D']);
    const found = new Map(again.state.topics).get('t');
    expect(found?.register.held[0]).to.equal('absent');
    expect(found?.register.held[1]).to.deep.equal({ ...c, origin: 1 });
    expect(found?.register.held[2]).to.equal('unknown');
    expect(found?.register.winner?.origin).to.equal(1);
    expect(found?.register.inference.unretained).to.equal(2);
    expect(found?.seenAt).to.deep.equal([2, 3, 0]);
    await again.store.close();
  });

  it('stores brokers that are added while it is open', async () => {
    const { store } = await folder.open(['A', 'C']);
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
    const again = await folder.open(['A', 'B', 'C']);
    expect(folder.log).to.deep.equal([]);
    const topics = [...again.state.topics];
    expect(topics).to.have.lengthOf(30);
    for (const [, found] of topics) {
      expect(found.register.held.map(held => sliceOf((held as Message).payload, 0, 1))).to.deep.equal([
        '3',
        '3',
        '3',
      ]);
    }
    await again.store.close();
  });

  it('forgets what a removed broker held, even if the broker is added again', async () => {
    const { store } = await folder.open(['A', 'B']);
    await commit(store, [['t', settledTopic('1')]], [['known:B', '1']]);
    await store.close();
    const without = await folder.open(['A']);
    await commit(without.store, [['u', settledTopic('2', 1)]], []);
    await without.store.close();
    const again = await folder.open(['A', 'B']);
    const topics = new Map(again.state.topics);
    expect(topics.get('u')?.register.held[1]).to.equal('unknown');
    expect(again.state.metadata.has('known:B')).to.equal(false);
    await again.store.close();
  });
});
