/** The behaviour of every store, on disk or in memory. */

import { expect } from 'chai';
import fc from 'fast-check';
import { DiskStore } from '../../lib/store/disk-store.ts';
import type { StateStore } from '../../lib/store/state-store.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { arbitraryTopic, commit, settledTopic } from './topics.ts';

const STORES: Readonly<Record<string, () => Promise<StateStore>>> = {
  'a store in memory': async () => new MemoryStore(),
  'a store on disk': async () => new DiskStore(tempFolder('store'), ['A', 'B']),
};

for (const [name, open] of Object.entries(STORES)) {
  describe(name, () => {
    let store: StateStore;

    beforeEach(async () => {
      store = await open();
    });

    afterEach(() => store.close());

    const topics = async () => new Map((await store.load()).topics);

    it('is empty at first', async () => {
      const { topics, metadata } = await store.load();
      expect([...topics]).to.deep.equal([]);
      expect(metadata.size).to.equal(0);
    });

    it('returns any topic as it was committed', async () => {
      const entries = fc.array(fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), arbitraryTopic(2)), {
        maxLength: 5,
      });
      await fc.assert(
        fc.asyncProperty(entries, async entries => {
          await commit(store, entries);
          const found = await topics();
          for (const [topic, stored] of new Map(entries)) expect(found.get(topic)).to.deep.equal(stored);
        }),
        { numRuns: 100 },
      );
    });

    it('returns earlier values of brokers', async () => {
      const superseded = [
        { broker: 0, from: 0, until: 3, payload: '', properties: undefined },
        { broker: 1, from: 2, until: 3, payload: '\xff1', properties: '' },
        { broker: 1, from: 3, until: 2 ** 40, payload: '2', properties: '["p"]' },
      ];
      await commit(store, [['t', { ...settledTopic('3'), superseded }]]);
      expect((await topics()).get('t')?.superseded).to.deep.equal(superseded);
    });

    it('keeps the last of several commits, in the order of the calls', async () => {
      const commits = Array.from({ length: 50 }, (_, i) => commit(store, [['t', settledTopic(String(i))]]));
      await Promise.all(commits);
      expect((await topics()).get('t')?.register.winner?.payload).to.equal('49');
    });

    it('returns the last change of each topic', async () => {
      const topic = fc.constantFrom('t', 'u', 'v');
      const became = fc.option(fc.string({ maxLength: 3 }).map(String), { nil: undefined });
      const commits = fc.array(fc.array(fc.tuple(topic, became), { minLength: 1, maxLength: 4 }), {
        maxLength: 8,
      });
      await fc.assert(
        fc.asyncProperty(commits, async commits => {
          const expected = new Map<string, string>();
          await commit(store, [
            ['t', undefined],
            ['u', undefined],
            ['v', undefined],
          ]);
          for (const changes of commits) {
            await commit(
              store,
              changes.map(([name, text]) => [name, text === undefined ? undefined : settledTopic(text)]),
            );
            for (const [name, text] of changes)
              text === undefined ? expected.delete(name) : expected.set(name, text);
          }
          const found = [...(await topics())].map(([name, { register }]) => [name, register.winner?.payload]);
          expect(new Map(found as [string, string][])).to.deep.equal(expected);
        }),
        { numRuns: 50 },
      );
    });

    it('forgets a topic', async () => {
      await commit(store, [
        ['t', settledTopic('1')],
        ['u', settledTopic('2')],
      ]);
      await commit(store, [['t', undefined]]);
      expect([...(await topics()).keys()]).to.deep.equal(['u']);
    });

    it('distinguishes metadata from topics of the same name', async () => {
      await commit(store, [['replica', settledTopic('1')]], [['replica', 'r1']]);
      const { metadata, topics } = await store.load();
      expect(metadata.get('replica')).to.equal('r1');
      expect([...topics].map(([topic]) => topic)).to.deep.equal(['replica']);
    });

    it('returns the metadata of the last commit that had any, and no other', async () => {
      await commit(
        store,
        [],
        [
          ['a', '1'],
          ['b', '2'],
        ],
      );
      await commit(store, [], [['b', '3']]);
      await commit(store, [['t', settledTopic('1')]]);
      expect([...(await store.load()).metadata]).to.deep.equal([['b', '3']]);
    });

    it('stores topics of 65,535 bytes and payloads of a million bytes', async () => {
      const topic = 'ä/'.repeat(21_845);
      await commit(store, [[topic, settledTopic('\xff'.repeat(1_000_000))]]);
      expect((await topics()).get(topic)?.register.winner?.payload.length).to.equal(1_000_000);
    });

    it('returns one shared message for brokers that hold the same', async () => {
      await commit(store, [['t', settledTopic('1')]]);
      const register = (await topics()).get('t')?.register;
      expect(register?.held[0]).to.equal(register?.winner);
      expect(register?.held[1]).to.equal(register?.winner);
    });
  });
}
