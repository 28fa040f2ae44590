/** Whether two filters overlap, by the topics that both match. */

import { expect } from 'chai';
import fc from 'fast-check';
import { matches } from '../../lib/core/filter.ts';
import { overlap } from '../../lib/routes/local-filters.ts';

const level = fc.constantFrom('a', 'b', '+');
const filter = fc
  .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([levels, isOpen]) => [...levels, ...(isOpen ? ['#'] : [])].join('/'));

/** All topics of up to four levels of three names. */
const TOPICS = ['a', 'b', 'c'].flatMap(one => [
  one,
  ...['a', 'b', 'c'].flatMap(two => [
    `${one}/${two}`,
    ...['a', 'b', 'c'].flatMap(three => [`${one}/${two}/${three}`, `${one}/${two}/${three}/a`]),
  ]),
]);

describe('overlap', () => {
  it('is true exactly where some topic matches both filters', () => {
    fc.assert(
      fc.property(filter, filter, (one, other) => {
        const isShared = TOPICS.some(topic => matches(one, topic) && matches(other, topic));
        expect(overlap(one, other)).to.equal(isShared);
      }),
      { numRuns: 2_000 },
    );
  });
});
