/** The commits of the table hold each change of each topic. */

import { expect } from 'chai';
import fc from 'fast-check';
import type { StoredTopic } from '../../../lib/store/state-store.ts';
import { type Deed, deed, policies, TableWorld } from './table-world.ts';

type Act = Deed | { readonly kind: 'offers' | 'no offers' | 'configure' | 'commit fails' };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: deed },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'offers' as const,
        'no offers' as const,
        'configure' as const,
        'commit fails' as const,
      ),
    }),
  },
);

/** A table, and what a store would hold of it. */
class StoredWorld {
  readonly world = new TableWorld();
  readonly stored = new Map<string, StoredTopic>();

  act(one: Act): void {
    const { table } = this.world;
    switch (one.kind) {
      case 'commit':
        this.commit();
        return;
      case 'commit fails':
        table.commits.putBack(table.takeUnsaved().names);
        return;
      case 'configure':
        table.configure(policies(), 3);
        return;
      case 'offers':
      case 'no offers':
        this.world.willOffer = one.kind === 'offers';
        return;
      default:
        this.world.act(one);
    }
  }

  commit(): void {
    const unsaved = this.world.table.takeUnsaved();
    const names = new Set<string>();
    for (const [name, topic] of unsaved) {
      expect(names.has(name), `${name} stands twice in a commit`).to.equal(false);
      names.add(name);
      if (topic === undefined) this.stored.delete(name);
      else this.stored.set(name, topic);
    }
    expect(names.size).to.equal(unsaved.size);
  }
}

const asStoredOf = ({ register: { winner, tombstone, held, pending }, seenAt }: StoredTopic) => ({
  winner,
  tombstone,
  held,
  pending,
  seenAt,
});

describe('TopicTable', () => {
  it('has each change in a commit, and no topic twice in one', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), acts => {
        const all = new StoredWorld();
        for (const one of acts) all.act(one);
        all.commit();
        const { table } = all.world;
        expect(table.commits.hasUnsaved).to.equal(false);
        for (const name of all.stored.keys()) expect(table.states.has(name), name).to.equal(true);
        for (const [name, topic] of table.entries()) {
          // There is nothing to store of a topic of which nothing is known.
          if (topic.register.winner === undefined) continue;
          const stored = all.stored.get(name);
          if (stored === undefined) return expect.fail();
          expect(asStoredOf(stored), name).to.deep.equal(asStoredOf(topic));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keeps a topic as an object while the next tick will offer it', () => {
    const world = new TableWorld();
    const write = { kind: 'write', topic: 0, broker: 0, payload: '1' } as const;
    world.willOffer = true;
    world.act(write);
    world.act({ kind: 'commit' });
    expect(world.table.get('a')).to.equal(world.table.get('a'));
    world.willOffer = false;
    world.act({ ...write, payload: '2' });
    world.act({ kind: 'commit' });
    expect(world.table.get('a')).not.to.equal(world.table.get('a'));
  });

  it('times how long a change took to reach all brokers, also if the topic was at rest meanwhile', () => {
    for (const willOffer of [true, false]) {
      const world = new TableWorld();
      world.willOffer = willOffer;
      world.act({ kind: 'write', topic: 0, broker: 0, payload: '1' });
      world.act({ kind: 'commit' });
      expect(world.table.stats.arrivals.size).to.equal(willOffer ? 0 : 1);
      for (const broker of [1, 2]) world.act({ kind: 'deliver', topic: 0, broker });
      world.act({ kind: 'commit' });
      const { buckets } = world.table.stats.convergence.counts;
      expect(buckets.reduce((sum, count) => sum + count, 0)).to.equal(1);
      expect(world.table.stats.arrivals.size).to.equal(0);
    }
  });
});
