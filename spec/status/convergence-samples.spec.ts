/** The times to converge of each sample, from the histogram of all. */

import { expect } from 'chai';
import { BOUNDS, Histogram } from '../../lib/protocol/histogram.ts';
import { ConvergenceSamples } from '../../lib/status/convergence-samples.ts';

describe('ConvergenceSamples', () => {
  it('tells the median and the 95th percentile of what was counted since the last sample', () => {
    const histogram = new Histogram(BOUNDS.convergence);
    const samples = new ConvergenceSamples();
    expect(samples.next(undefined)).to.deep.equal({ count: 0, median: null, p95: null });
    for (let i = 0; i < 100; i++) histogram.observe(0.03);
    // Between 25 and 50 ms, spread evenly.
    expect(samples.next(histogram.counts)).to.deep.equal({ count: 100, median: 37.5, p95: 48.8 });
    expect(samples.next(histogram.counts)).to.deep.equal({ count: 0, median: null, p95: null });
    for (let i = 0; i < 90; i++) histogram.observe(0.005);
    for (let i = 0; i < 10; i++) histogram.observe(3);
    const { count, median, p95 } = samples.next(histogram.counts);
    expect(count).to.equal(100);
    expect(median).to.be.within(0, 10);
    expect(p95).to.be.within(2_000, 5_000);
  });

  it('tells the last bound for what took longer', () => {
    const histogram = new Histogram(BOUNDS.convergence);
    histogram.observe(100_000);
    expect(new ConvergenceSamples().next(histogram.counts)).to.deep.equal({
      count: 1,
      median: 3_600_000,
      p95: 3_600_000,
    });
  });

  it('counts a new reconciler from zero', () => {
    const samples = new ConvergenceSamples();
    const before = new Histogram(BOUNDS.convergence);
    before.observe(1);
    samples.next(before.counts);
    expect(samples.next(new Histogram(BOUNDS.convergence).counts).count).to.equal(0);
  });
});
