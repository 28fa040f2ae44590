/** A line that recurs is logged the first time, and again ten minutes later. */

import { expect } from 'chai';
import { LogThrottle } from '../../lib/core/log-throttle.ts';

const TEN_MINUTES = 600_000;

describe('LogThrottle', () => {
  it('logs each kind of line the first time', () => {
    const throttle = new LogThrottle<string>();
    expect(throttle.isDue('a', 0)).to.equal(true);
    expect(throttle.isDue('b', 0)).to.equal(true);
  });

  it('logs a line again after ten minutes, and not before', () => {
    const throttle = new LogThrottle<string>();
    throttle.isDue('a', 5);
    expect(throttle.isDue('a', 5 + TEN_MINUTES - 1)).to.equal(false);
    expect(throttle.isDue('a', 5 + TEN_MINUTES)).to.equal(true);
    expect(throttle.isDue('a', 5 + 2 * TEN_MINUTES - 1), 'counted from the last one').to.equal(false);
  });

  it('does not count a line that was not logged', () => {
    const throttle = new LogThrottle<string>();
    throttle.isDue('a', 0);
    throttle.isDue('a', TEN_MINUTES - 1);
    expect(throttle.isDue('a', TEN_MINUTES)).to.equal(true);
  });
});
