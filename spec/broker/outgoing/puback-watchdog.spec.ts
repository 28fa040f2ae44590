/** A broker that does not acknowledge is found out, and a slow one is not taken for one. */

import { expect } from 'chai';
import sinon from 'sinon';
import { type OverduePublishes, PubackWatchdog } from '../../../lib/broker/outgoing/puback-watchdog.ts';
import type { QoS } from '../../../lib/core/policy.ts';

/** Milliseconds: two looks. */
const PASSED_OVER = 5_000;
const LOOK = 2_500;
const MINUTE = 60_000;

describe('PubackWatchdog', () => {
  let clock: sinon.SinonFakeTimers;
  let watch: PubackWatchdog;
  let unanswered: Set<OverduePublishes>;
  let isWriting: boolean;
  let overdue: number[];

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    unanswered = new Set();
    isWriting = false;
    overdue = [];
    watch = new PubackWatchdog({
      publishesOverdue: () => unanswered,
      isWriting: () => isWriting,
      overdue: publishes => overdue.push(publishes.length),
    });
  });

  afterEach(() => {
    watch.close();
    clock.restore();
  });

  function send(qos: QoS): OverduePublishes {
    const publish = { nth: watch.sent(), qos };
    unanswered.add(publish);
    return publish;
  }

  function acknowledge(publish: OverduePublishes): void {
    unanswered.delete(publish);
    watch.acknowledged(publish);
  }

  it('finds out a broker that acknowledges nothing for a minute', () => {
    for (const qos of [1, 2, 1] satisfies QoS[]) send(qos);
    clock.tick(MINUTE);
    expect(overdue).to.deep.equal([]);
    clock.tick(LOOK);
    expect(overdue).to.deep.equal([3]);
  });

  it('finds out a publish that was passed over, some seconds after a later one was acknowledged', () => {
    send(1);
    acknowledge(send(1));
    clock.tick(PASSED_OVER);
    expect(overdue).to.deep.equal([]);
    clock.tick(LOOK);
    expect(overdue).to.deep.equal([1]);
  });

  it('waits where a later one was acknowledged only now', () => {
    send(1);
    clock.tick(4 * LOOK);
    acknowledge(send(1));
    clock.tick(PASSED_OVER - 1);
    expect(overdue).to.deep.equal([]);
  });

  it('waits for a publish of another QoS as long as others are acknowledged: it may take another way', () => {
    send(2);
    for (let time = 0; time < MINUTE; time += LOOK) {
      acknowledge(send(1));
      clock.tick(LOOK);
    }
    expect(overdue).to.deep.equal([]);
    clock.tick(MINUTE + 2 * LOOK);
    expect(overdue).to.deep.equal([1]);
  });

  it('waits for a slow broker, which acknowledges one after the other', () => {
    const sent = Array.from({ length: 20 }, () => send(1));
    for (const publish of sent) {
      clock.tick(MINUTE - 1);
      acknowledge(publish);
    }
    expect(overdue).to.deep.equal([]);
  });

  it('waits while bytes wait to be written, and a minute longer', () => {
    send(1);
    isWriting = true;
    clock.tick(5 * MINUTE);
    isWriting = false;
    clock.tick(MINUTE);
    expect(overdue).to.deep.equal([]);
    clock.tick(LOOK);
    expect(overdue).to.deep.equal([1]);
  });

  it('expects nothing for QoS 0, and takes what was written for no answer', () => {
    send(0);
    send(1);
    acknowledge(send(0));
    clock.tick(MINUTE);
    expect(overdue).to.deep.equal([]);
    clock.tick(LOOK);
    expect(overdue).to.deep.equal([1]);
  });

  it('runs no timer while nothing is awaited', () => {
    acknowledge(send(1));
    clock.tick(LOOK);
    expect(clock.countTimers()).to.equal(0);
    send(1);
    clock.tick(MINUTE + LOOK);
    expect(overdue).to.deep.equal([1]);
  });
});
