/** When reads of a socket wait. */

import { expect } from 'chai';
import { ReadGovernor } from '../../../lib/broker/lane/read-governor.ts';

describe('ReadGovernor', () => {
  /** How many of so many reads, with that many milliseconds between them, are followed by a wait. */
  function waitsAmong(
    reads: number,
    everyMs: number,
    { bytes = 100, isHeldUp = false, messages = (read: number) => read } = {},
  ): number {
    const governor = new ReadGovernor(() => isHeldUp);
    let [waits, now] = [0, 0];
    for (let read = 0; read < reads; read++) {
      now += everyMs;
      if (!governor.waits(bytes, messages(read), now)) continue;
      waits++;
      now += 1;
      governor.resumed(now);
    }
    return waits;
  }

  it('serves each read at once while little comes', () => {
    expect(waitsAmong(1_000, 10)).to.equal(0);
    expect(waitsAmong(1_000, 1)).to.equal(0);
  });

  it('lets a read wait once many come in a short time, and again while more came during the wait', () => {
    expect(waitsAmong(1_000, 0.01)).to.be.above(900);
  });

  it('never waits while publishes wait for acknowledgements', () => {
    expect(waitsAmong(1_000, 0.01, { isHeldUp: true })).to.equal(0);
  });

  it('never waits in a burst', () => {
    expect(waitsAmong(1_000, 0.01, { bytes: 60_000 })).to.equal(0);
  });

  it('stops to wait for a while when each wait brings as many messages as the broker sends before acknowledgements', () => {
    expect(waitsAmong(1_000, 0.01, { messages: () => 20 })).to.be.below(20);
    expect(waitsAmong(1_000, 0.01, { messages: () => 500 })).to.be.above(900);
  });

  it('serves a read at once again when nothing came during the wait', () => {
    const governor = new ReadGovernor(() => false);
    while (!governor.waits(100, 1, 1));
    governor.resumed(2);
    expect(governor.waits(100, 1, 20)).to.equal(false);
  });
});
