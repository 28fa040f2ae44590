/** The statistics of topics agree with a complete count, whatever happened before. */

import { expect } from 'chai';
import fc from 'fast-check';
import { deed, TableWorld } from './table-world.ts';

describe('TopicStats', () => {
  it('agrees with a complete count, whatever happened before', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 60 }), deeds => {
        const world = new TableWorld();
        for (const one of deeds) {
          world.act(one);
          world.table.recountUnsaved(Number.POSITIVE_INFINITY);
          const { stats } = world.table;
          const { counts, behind, diverging } = world.counted;
          expect(stats.counts).to.deep.equal(counts);
          expect(stats.behind).to.deep.equal(behind);
          expect([...stats.divergingTopics.keys()].toSorted()).to.deep.equal(diverging.toSorted());
        }
      }),
      { numRuns: 300 },
    );
  });
});
