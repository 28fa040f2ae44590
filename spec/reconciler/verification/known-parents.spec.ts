/** The names that a broker may hold topics under, since others do. */

import { expect } from 'chai';
import { knownParents, MAX_KNOWN_PARENTS } from '../../../lib/reconciler/verification/known-parents.ts';

describe('Known parents', () => {
  it('are told once each, without that of topics of one level', () => {
    const topics = ['a/b/c', 'a/b/d', 'a/b', 'top', '/', 'a//c'];
    expect(knownParents(topics)).to.deep.equal(['a/b/', 'a/', '/', 'a//']);
  });

  it('are no more than the bound', () => {
    function* topics() {
      for (let index = 0; ; index++) yield `name-${index}/t`;
    }
    expect(knownParents(topics())).to.have.lengthOf(MAX_KNOWN_PARENTS);
  });
});
