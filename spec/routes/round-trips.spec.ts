/** 20,000 random topics by some 5,000 random sets of rules; `npm run routes` does a million. */

import { expect } from 'chai';
import { seededRandom } from '../support/random.ts';
import { roundTrips } from './round-trips.ts';

describe('Topics there and back', () => {
  for (const seed of [1, 2]) {
    it(`have their own name again, and no other topic has the name at the broker (seed ${seed})`, () => {
      const { failures, topics, sets, refused } = roundTrips(seededRandom(seed), 10_000);
      expect(failures).to.deep.equal([]);
      expect(topics).to.be.at.least(10_000);
      // Neither are all sets accepted nor most of them refused.
      expect(refused / sets).to.be.within(0.1, 0.6);
    });
  }
});
