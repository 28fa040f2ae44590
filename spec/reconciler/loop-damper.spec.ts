/** A message that circles between brokers comes to an end; every message of a client that repeats itself is sent. */

import { expect } from 'chai';
import sinon from 'sinon';
import { LoopDamper } from '../../lib/reconciler/loop-damper.ts';

/** Milliseconds from one tick to the next, and from a publish to its return through a bridge. */
const TICK = 100;
const BRIDGE = 20;

describe('LoopDamper', () => {
  let clock: sinon.SinonFakeTimers;
  let damper: LoopDamper;
  let log: string[];
  /** How often each message was sent. */
  let passedOn: number;
  let dropped: number;
  /** Something joins the brokers besides mqttrep. */
  let isBridged: boolean;

  beforeEach(() => {
    clock = sinon.useFakeTimers({
      toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
    log = [];
    passedOn = 0;
    dropped = 0;
    isBridged = false;
    damper = new LoopDamper({
      release: () => passOn(),
      drop: () => {
        dropped++;
      },
      log: (level, message) => log.push(`${level} ${message}`),
    });
  });

  afterEach(() => {
    damper.close();
    clock.restore();
  });

  function passOn(): void {
    passedOn++;
    damper.passedOn('t', 'x', performance.now());
    if (isBridged) setTimeout(() => arrive(), BRIDGE);
  }

  /** As the reconciler does: a message that is not held is sent at the tick. */
  function arrive(): void {
    if (damper.isHolding) damper.arrives('t', 'x', performance.now());
    if (!damper.test('t', 'x', performance.now())) setTimeout(passOn, TICK - (performance.now() % TICK));
  }

  it('releases a message that a loop brings back less and less often, in the end not at all, and logs it once', async () => {
    isBridged = true;
    arrive();
    await clock.tickAsync(60_000);
    expect(passedOn, 'in the first minute').to.be.below(20);
    await clock.tickAsync(60 * 60_000);
    const before = passedOn;
    expect(dropped).to.equal(1);
    await clock.tickAsync(60 * 60_000);
    expect(passedOn - before, 'in the second hour').to.equal(0);
    expect(log).to.have.lengthOf(1);
    expect(log[0]).to.match(/^warn a message under "t" comes back each time that it was passed on: .*bridge/);
    expect(damper.damped).to.be.above(5);
  });

  for (const period of [110, 150, 250, 400, 999, 1_000, 5_000]) {
    it(`releases every message of a client that repeats it each ${period} ms`, async () => {
      const messages = 200;
      for (let index = 0; index < messages; index++) {
        arrive();
        await clock.tickAsync(period);
      }
      await clock.tickAsync(60_000);
      expect(passedOn).to.equal(messages);
      expect(log).to.deep.equal([]);
      expect(dropped).to.equal(0);
    });
  }

  it('releases every message of a client that repeats it on request', async () => {
    for (let index = 0; index < 200; index++) {
      arrive();
      await clock.tickAsync(index % 7 === 0 ? 30_000 : 3_000);
    }
    expect(passedOn).to.equal(200);
    expect(damper.damped).to.equal(0);
  });

  it('watches only the latest thousand messages', async () => {
    for (let index = 0; index < 5_000; index++) damper.passedOn('t', String(index), performance.now());
    expect(damper.watched).to.equal(1_000);
  });
});
