/** A set of filters tells what matches any of them, as `matches` tells it of each. */

import { expect } from 'chai';
import fc from 'fast-check';
import { matches } from '../../lib/core/filter.ts';
import { FilterSet } from '../../lib/core/filter-set.ts';

describe('A set of filters', () => {
  const level = fc.constantFrom('a', 'b', '');
  const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map(levels => levels.join('/'));
  const filters = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', '', '+'), { maxLength: 4 }), fc.constantFrom('#', '+', 'a'))
    .map(([levels, last]) => [...levels, last].join('/'));

  it('matches what one of its filters matches, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(filters, { maxLength: 5 }), topics, (all, topic) => {
        const set = new FilterSet();
        for (const filter of all) set.add(filter);
        expect(set.matches(topic.split('/'))).to.equal(all.some(filter => matches(filter, topic)));
      }),
    );
  });

  it('matches a level of any name only where a wildcard stands', () => {
    const set = new FilterSet();
    set.add('a/b');
    expect(set.matches(['a', '+'])).to.equal(false);
    set.add('a/+');
    expect(set.matches(['a', '+'])).to.equal(true);
    expect(set.matches(['a', 'b', '+'])).to.equal(false);
  });
});
