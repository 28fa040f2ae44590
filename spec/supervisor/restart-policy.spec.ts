/** A crashed actor is restarted after a wait that grows; too many crashes within a minute end that. */

import { expect } from 'chai';
import { MAX_CRASHES, RestartPolicy } from '../../lib/supervisor/restart-policy.ts';

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

describe('RestartPolicy', () => {
  it('waits twice as long after each crash, up to ten seconds', () => {
    const policy = new RestartPolicy();
    const waits = Array.from({ length: MAX_CRASHES }, () => policy.crashed(NOW, 0));
    expect(waits).to.deep.equal([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  it('gives up at one crash too many within a minute', () => {
    const policy = new RestartPolicy();
    for (let crash = 0; crash < MAX_CRASHES; crash++)
      expect(policy.crashed(NOW + crash, 0)).to.be.a('number');
    expect(policy.crashed(NOW + MINUTE - 1, 0)).to.equal('give up');
  });

  it('never gives up because of rare crashes, and starts with short waits again after a minute without one', () => {
    const policy = new RestartPolicy();
    const period = MINUTE / (MAX_CRASHES - 1);
    for (let crash = 0; crash < 100; crash++) {
      expect(policy.crashed(NOW + crash * period, 0)).to.be.a('number');
    }
    expect(policy.crashed(NOW + 100 * period + MINUTE, 0)).to.equal(50);
  });
});
