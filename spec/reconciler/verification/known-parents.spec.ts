/** The parents under which a broker may hold topics, since other brokers do. */

import { expect } from 'chai';
import { knownParents, MAX_KNOWN_PARENTS } from '../../../lib/reconciler/verification/known-parents.ts';

describe('knownParents', () => {
  it('returns each parent once, without the empty one', () => {
    const topics = ['a/b/c', 'a/b/d', 'a/b', 'top', '/', 'a//c'];
    expect(knownParents(topics)).to.deep.equal(['a/b/', 'a/', '/', 'a//']);
  });

  it('returns no more parents than the bound', () => {
    function* topics() {
      for (let index = 0; ; index++) yield `name-${index}/t`;
    }
    expect(knownParents(topics())).to.have.lengthOf(MAX_KNOWN_PARENTS);
  });
});
