/** A broker that hangs up on large packets is found out; one that hangs up for another reason is not blamed. */

import { expect } from 'chai';
import { SizeLimit } from '../../../lib/broker/capabilities/size-limit.ts';

const MINUTE = 60_000;
const NEVER = Number.POSITIVE_INFINITY;

describe('SizeLimit', () => {
  let sizeLimit: SizeLimit;

  beforeEach(() => {
    sizeLimit = new SizeLimit();
    sizeLimit.acknowledged(100);
  });

  it('limits the size when a hang-up blames it for the third time in a row', () => {
    expect(sizeLimit.hungUp([5_000, 50], 0)).to.equal(undefined);
    expect(sizeLimit.hungUp([70, 5_000], 0)).to.equal(undefined);
    expect(sizeLimit.limit(0)).to.equal(NEVER);
    expect(sizeLimit.hungUp([5_000], 0)).to.equal(5_000);
    expect(sizeLimit.limit(0)).to.equal(4_999);
  });

  it('never limits a size that any broker accepts', () => {
    for (let time = 0; time < 5; time++) expect(sizeLimit.hungUp([1_000], 0)).to.equal(undefined);
    expect(sizeLimit.limit(0)).to.equal(NEVER);
  });

  it('drops the limit after ten minutes, and sets it again', () => {
    for (let time = 0; time < 3; time++) sizeLimit.hungUp([5_000], 0);
    expect(sizeLimit.limit(9 * MINUTE)).to.equal(4_999);
    expect(sizeLimit.limit(10 * MINUTE)).to.equal(NEVER);
    const verdicts = [1, 2, 3].map(() => sizeLimit.hungUp([5_000], 10 * MINUTE));
    expect(verdicts).to.deep.equal([undefined, undefined, 5_000]);
  });

  it('lowers the limit by one packet at a time', () => {
    for (let time = 0; time < 3; time++) sizeLimit.hungUp([5_000, 4_000], 0);
    for (let time = 0; time < 3; time++) sizeLimit.hungUp([4_000], 0);
    expect(sizeLimit.limit(0)).to.equal(3_999);
  });

  const innocent: readonly (readonly [why: string, times: readonly (readonly number[])[]])[] = [
    ['the network fails while nothing is in flight', [[], [], [], []]],
    ['as large a packet was acknowledged before', [[100], [100], [100]]],
    ['it is another packet each time', [[500], [600], [500], [600]]],
    ['a time without it lies between', [[500], [500], [], [500], [500]]],
  ];
  for (const [why, times] of innocent) {
    it(`blames no size if ${why}`, () => {
      for (const unacknowledged of times) expect(sizeLimit.hungUp(unacknowledged, 0)).to.equal(undefined);
      expect(sizeLimit.limit(0)).to.equal(NEVER);
    });
  }
});
