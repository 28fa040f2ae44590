/** The window of publications follows the speed of the broker. */

import { expect } from 'chai';
import { CREDIT, MAX_CREDIT, PublishWindow } from '../../../lib/reconciler/links/publish-window.ts';

describe('PublishWindow', () => {
  let window: PublishWindow;
  let now: number;

  beforeEach(() => {
    window = new PublishWindow();
    now = 0;
  });

  /** The broker settles half of the window in so many milliseconds. */
  function settlesHalfIn(milliseconds: number): void {
    window.usedUp(now);
    now += milliseconds;
    window.halfSettled(now);
  }

  it('doubles each time that a fast broker settles half of it, up to MAX_CREDIT', () => {
    expect(window.size).to.equal(CREDIT);
    settlesHalfIn(250);
    expect(window.size).to.equal(2 * CREDIT);
    for (let time = 0; time < 10; time++) settlesHalfIn(1);
    expect(window.size).to.equal(MAX_CREDIT);
  });

  it('is halved each time that a broker takes long for half of it, down to CREDIT', () => {
    for (let time = 0; time < 3; time++) settlesHalfIn(1);
    settlesHalfIn(1_001);
    expect(window.size).to.equal(MAX_CREDIT / 2);
    for (let time = 0; time < 10; time++) settlesHalfIn(60_000);
    expect(window.size).to.equal(CREDIT);
  });

  it('comes to rest for a broker of any constant speed, at what that broker settles within two seconds', () => {
    for (const perSecond of [10, 1_000, 2_500, 4_000, 10_000, 100_000]) {
      window.reset();
      const settle = () => settlesHalfIn((window.size / 2 / perSecond) * 1_000);
      for (let time = 0; time < 10; time++) settle();
      const { size } = window;
      settle();
      expect(window.size).to.equal(size);
      expect(size).to.be.at.most(Math.max(CREDIT, 2 * perSecond));
    }
  });
});
