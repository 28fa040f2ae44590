/** The percentiles in the summary of the demo. */

import { expect } from 'chai';
import { percentile } from '../../lib/demo/statistics.ts';

describe('percentile', () => {
  it('returns one of the values, by nearest rank', () => {
    const values = [50, 15, 40, 20, 35];
    expect(percentile(values, 0.3)).to.equal(20);
    expect(percentile(values, 0.5)).to.equal(35);
    expect(percentile(values, 0.95)).to.equal(50);
    expect(percentile(values, 1)).to.equal(50);
    expect(values).to.deep.equal([50, 15, 40, 20, 35]);
  });

  it('sorts the values as numbers', () => {
    expect(percentile([9, 100, 20], 0.5)).to.equal(20);
  });

  it('returns undefined if there are no values', () => {
    expect(percentile([], 0.5)).to.equal(undefined);
  });
});
