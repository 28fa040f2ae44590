/** A single message waits for nothing; under load there is one run an interval, in time for the tick. */

import { expect } from 'chai';
import sinon from 'sinon';
import { BatchTimer } from '../../../lib/broker/timing/batch-timer.ts';

const INTERVAL = 100;

describe('BatchTimer', () => {
  let clock: sinon.SinonFakeTimers;
  const runs: number[] = [];
  let pace: BatchTimer;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: 1_000_000 });
    runs.length = 0;
    pace = new BatchTimer(() => runs.push(Date.now() - 1_000_000), INTERVAL);
  });

  afterEach(() => clock.restore());

  /** Requests at these times, in milliseconds from the start. */
  function requestAt(...times: readonly number[]): void {
    for (const at of times) {
      clock.tick(at - (Date.now() - 1_000_000));
      pace.request();
    }
    clock.tick(1_000);
  }

  it('runs in the same turn after a pause', () => {
    requestAt(30, 330);
    expect(runs).to.deep.equal([30, 330]);
  });

  it('runs once for all requests of a turn', () => {
    for (let request = 0; request < 3; request++) pace.request();
    clock.tick(1_000);
    expect(runs).to.deep.equal([0]);
  });

  it('runs once an interval under load, shortly before the end of the interval', () => {
    requestAt(30, 40, 50, 60, 110, 120, 200);
    expect(runs).to.deep.equal([30, 90, 190, 290]);
  });

  it('waits only a little if it is too late for this interval', () => {
    requestAt(50, 96);
    expect(runs).to.deep.equal([50, 101]);
  });

  it('runs at once when told to, and not again for earlier requests', () => {
    pace.request();
    pace.now();
    clock.tick(1_000);
    expect(runs).to.deep.equal([0]);
  });

  it('tells whether a batch waits', () => {
    expect(pace.isRequested).to.equal(false);
    pace.request();
    expect(pace.isRequested).to.equal(true);
    clock.tick(1);
    expect(pace.isRequested).to.equal(false);
  });

  it('does not run for a withdrawn request', () => {
    pace.request();
    pace.cancel();
    clock.tick(1_000);
    expect(runs).to.deep.equal([]);
  });

  it('never waits longer than an interval, even if the clock is set back', () => {
    requestAt(0);
    clock.setSystemTime(500_000);
    pace.request();
    clock.tick(INTERVAL);
    expect(runs).to.have.lengthOf(2);
  });
});
