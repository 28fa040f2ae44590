import { expect } from 'chai';
import fc from 'fast-check';
import { Fifo } from '../../lib/core/fifo.ts';

describe('A queue in the order of arrival', () => {
  it('returns what an array returns, however long it is', () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 3_000 }) }),
      fc.record({ shift: fc.integer({ min: 1, max: 3_000 }) }),
      fc.record({ clear: fc.constant(true) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), steps => {
        const fifo = new Fifo<number>();
        const array: number[] = [];
        let next = 0;
        for (const each of steps) {
          if ('push' in each)
            for (let left = each.push; left > 0; left--) {
              fifo.push(next);
              array.push(next++);
            }
          else if ('shift' in each)
            for (let left = each.shift; left > 0; left--) expect(fifo.shift()).to.equal(array.shift());
          else {
            fifo.clear();
            array.length = 0;
          }
          expect([fifo.length, fifo.first, fifo.at(7)]).to.deep.equal([array.length, array[0], array[7]]);
          expect([...fifo]).to.deep.equal(array);
        }
      }),
    );
  });
});
