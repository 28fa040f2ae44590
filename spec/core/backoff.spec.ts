/** Each wait is drawn from the upper half below a ceiling, which doubles up to a limit. */

import { expect } from 'chai';
import fc from 'fast-check';
import { backoff } from '../../lib/core/backoff.ts';

const LIMITS = { first: 1_000, longest: 60_000 };

describe('backoff', () => {
  const table: readonly (readonly [retry: number, chance: number, wait: number])[] = [
    [0, 0, 500],
    [0, 0.5, 750],
    [1, 0, 1_000],
    [5, 0, 16_000],
    [6, 0, 30_000],
    [1_000_000, 0, 30_000],
    [1_000_000, 0.5, 45_000],
  ];
  for (const [retry, chance, wait] of table) {
    it(`waits ${wait} ms before retry ${retry} if chance draws ${chance}`, () => {
      expect(backoff(retry, LIMITS, chance)).to.equal(wait);
    });
  }

  it('waits at most the limit and at least half the first wait, and never less before a later retry', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat(), chance, (retry, drawn) => {
        expect(backoff(retry, LIMITS, drawn)).to.be.within(LIMITS.first / 2, LIMITS.longest);
        expect(backoff(retry + 1, LIMITS, drawn)).to.be.at.least(backoff(retry, LIMITS, drawn));
      }),
    );
  });
});
