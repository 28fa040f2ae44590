/** The delay after a failure depends on its cause. */

import { expect } from 'chai';
import { type FailureCause, Retries } from '../../../lib/broker/network/retries.ts';

const waits = (retries: Retries, cause: FailureCause, count: number) =>
  Array.from({ length: count }, () => retries.failed(cause, 1) / 1000);

describe('Retries', () => {
  it('begin with two seconds if the broker refuses the credentials, and grow to five minutes', () => {
    expect(waits(new Retries(undefined), 'refusal', 10)).to.deep.equal([
      2, 4, 8, 16, 32, 64, 128, 256, 300, 300,
    ]);
  });

  it('grow to a minute if the network fails', () => {
    expect(waits(new Retries(undefined), 'network', 8)).to.deep.equal([1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('begin again with two seconds if the broker was away before it refuses the credentials', () => {
    const retries = new Retries(undefined);
    waits(retries, 'refusal', 6);
    waits(retries, 'network', 6);
    expect(waits(retries, 'refusal', 2)).to.deep.equal([2, 4]);
  });

  it('begin again with two seconds once the broker has accepted the credentials', () => {
    const retries = new Retries(undefined);
    waits(retries, 'refusal', 6);
    retries.accepted();
    expect(waits(retries, 'refusal', 1)).to.deep.equal([2]);
  });

  it('do not grow if mqttrep may have provoked the hang-up, unless it goes on', () => {
    const retries = new Retries(undefined);
    expect(waits(retries, 'provoked', 20)).to.deep.equal(Array.from({ length: 20 }, () => 1));
    expect(waits(retries, 'provoked', 3)).to.deep.equal([1, 2, 4]);
    retries.reset();
    expect(waits(retries, 'provoked', 2)).to.deep.equal([1, 1]);
  });

  it('use the configured period', () => {
    const retries = new Retries(50);
    for (const cause of ['refusal', 'network', 'provoked'] as const)
      expect(retries.failed(cause, 1)).to.equal(50);
  });
});
