/** The credit of a broker's worker: it goes back with the commits, and a slow store cannot stop it for ever. */

import { expect } from 'chai';
import {
  CREDIT_TIMEOUT_MS,
  InboundCredit,
  RETURNED_TOGETHER,
  UNCOMMITTED_BYTES,
} from '../../../lib/reconciler/links/inbound-credit.ts';

const NOW = 1_000;

describe('InboundCredit', () => {
  let credit: InboundCredit;

  beforeEach(() => {
    credit = new InboundCredit();
  });

  const receive = (batches: number) => Array.from({ length: batches }, () => credit.received(1, NOW));

  it('gives the credit of a few batches back together as long as little is uncommitted', () => {
    const nothing = new Array<number>(RETURNED_TOGETHER - 1).fill(0);
    expect(receive(2 * RETURNED_TOGETHER)).to.deep.equal([
      ...nothing,
      RETURNED_TOGETHER,
      ...nothing,
      RETURNED_TOGETHER,
    ]);
    expect(credit.isHeld).to.equal(false);
  });

  it('holds credit back beyond the bound, until the commit that holds the effects has ended', () => {
    credit.received(UNCOMMITTED_BYTES, NOW);
    expect(credit.received(1, NOW)).to.equal(0);
    expect(credit.received(1, NOW)).to.equal(0);
    expect(credit.isHeld).to.equal(true);
    credit.commitBegun();
    expect(credit.received(1, NOW), 'while the commit is in progress').to.equal(0);
    expect(credit.commitEnded(), 'with that of the batch before').to.equal(4);
    expect(credit.isHeld).to.equal(false);
  });

  it('holds on to the credit of batches that came after a commit began, if they exceed the bound themselves', () => {
    credit.received(1, NOW);
    credit.commitBegun();
    expect(credit.received(UNCOMMITTED_BYTES + 1, NOW)).to.equal(0);
    expect(credit.commitEnded()).to.equal(0);
    expect(credit.isHeld, 'so that another commit begins').to.equal(true);
    credit.commitBegun();
    expect(credit.commitEnded()).to.equal(2);
  });

  it('gives no credit back with a commit while none is held back', () => {
    credit.received(1, NOW);
    credit.commitBegun();
    expect(credit.commitEnded()).to.equal(0);
  });

  it('gives credit back after a while although the store does not answer', () => {
    credit.received(UNCOMMITTED_BYTES, NOW);
    credit.received(1, NOW);
    credit.commitBegun();
    expect(credit.overdue(NOW + CREDIT_TIMEOUT_MS - 1)).to.equal(0);
    expect(credit.overdue(NOW + CREDIT_TIMEOUT_MS)).to.equal(2);
    expect(credit.overdue(NOW + CREDIT_TIMEOUT_MS)).to.equal(0);
  });

  it('owes nothing to a new worker', () => {
    credit.received(UNCOMMITTED_BYTES, NOW);
    credit.received(1, NOW);
    credit.reset();
    credit.commitBegun();
    expect(credit.commitEnded()).to.equal(0);
    expect(receive(RETURNED_TOGETHER - 1)).not.to.include(RETURNED_TOGETHER);
  });
});
