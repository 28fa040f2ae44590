/** The credit of a broker's worker: it goes back with the commits, and a slow store cannot stop it for ever. */

import { expect } from 'chai';
import {
  CREDIT_TIMEOUT_MS,
  InboundCredit,
  UNCOMMITTED_BYTES,
} from '../../../lib/reconciler/links/inbound-credit.ts';

const NOW = 1_000;

describe('InboundCredit', () => {
  let credit: InboundCredit;

  beforeEach(() => {
    credit = new InboundCredit();
  });

  it('gives credit back at once as long as little is uncommitted', () => {
    expect(credit.received(UNCOMMITTED_BYTES / 2, NOW)).to.equal(1);
    expect(credit.received(UNCOMMITTED_BYTES / 2, NOW)).to.equal(1);
    expect(credit.isHeld).to.equal(false);
  });

  it('holds credit back beyond the bound, until the commit that holds the effects has ended', () => {
    credit.received(UNCOMMITTED_BYTES, NOW);
    expect(credit.received(1, NOW)).to.equal(0);
    expect(credit.received(1, NOW)).to.equal(0);
    expect(credit.isHeld).to.equal(true);
    credit.commitBegun();
    expect(credit.received(1, NOW), 'while the commit is in progress').to.equal(0);
    expect(credit.commitEnded()).to.equal(3);
    expect(credit.isHeld).to.equal(false);
    expect(credit.received(1, NOW)).to.equal(1);
  });

  it('holds on to the credit of batches that came after a commit began, if they exceed the bound themselves', () => {
    credit.received(1, NOW);
    credit.commitBegun();
    expect(credit.received(UNCOMMITTED_BYTES + 1, NOW)).to.equal(0);
    expect(credit.commitEnded()).to.equal(0);
    expect(credit.isHeld, 'so that another commit begins').to.equal(true);
    credit.commitBegun();
    expect(credit.commitEnded()).to.equal(1);
  });

  it('gives credit back after a while although the store does not answer', () => {
    credit.received(UNCOMMITTED_BYTES, NOW);
    credit.received(1, NOW);
    credit.commitBegun();
    expect(credit.overdue(NOW + CREDIT_TIMEOUT_MS - 1)).to.equal(0);
    expect(credit.overdue(NOW + CREDIT_TIMEOUT_MS)).to.equal(1);
    expect(credit.overdue(NOW + CREDIT_TIMEOUT_MS)).to.equal(0);
  });

  it('owes nothing to a new worker', () => {
    credit.received(UNCOMMITTED_BYTES, NOW);
    credit.received(1, NOW);
    credit.reset();
    credit.commitBegun();
    expect(credit.commitEnded()).to.equal(0);
  });
});
