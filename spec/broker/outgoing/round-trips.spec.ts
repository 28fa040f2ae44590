/** Round trips are timed one at a time, and those that never end are forgotten. */

import { expect } from 'chai';
import sinon from 'sinon';
import { RoundTrips } from '../../../lib/broker/outgoing/round-trips.ts';

describe('RoundTrips', () => {
  let clock: sinon.SinonFakeTimers;
  let trips: RoundTrips;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['performance'] });
    trips = new RoundTrips();
  });

  afterEach(() => clock.restore());

  const count = () => trips.histogram.counts.buckets.reduce((sum, one) => sum + one, 0);

  function trip(milliseconds: number): void {
    const publish = {};
    trips.sent(publish);
    clock.tick(milliseconds);
    trips.acknowledged(publish);
  }

  it('has no median at first', () => expect(trips.median).to.equal(null));

  it('counts round trips, and has the median of the last ones', () => {
    for (const milliseconds of [5, 100, 7]) trip(milliseconds);
    expect(trips.median).to.equal(7);
    expect(count()).to.equal(3);
    for (let time = 0; time < 32; time++) trip(20);
    expect(trips.median).to.equal(20);
  });

  it('measures one publish at a time', () => {
    const [first, second] = [{}, {}];
    trips.sent(first);
    clock.tick(10);
    trips.sent(second);
    clock.tick(10);
    trips.acknowledged(second);
    expect(count()).to.equal(0);
    trips.acknowledged(first);
    expect(trips.median).to.equal(20);
  });

  it('drops a measurement when the connection ends', () => {
    const lost = {};
    trips.sent(lost);
    trips.disconnected();
    trips.acknowledged(lost);
    expect(count()).to.equal(0);
    trip(3);
    expect(trips.median).to.equal(3);
  });
});
