/** The watchdog reports a broker that does not acknowledge, and not one that is slow. */

import { expect } from 'chai';
import sinon from 'sinon';
import { PubackWatchdog, type UnacknowledgedPublish } from '../../../lib/broker/outgoing/puback-watchdog.ts';
import type { QoS } from '../../../lib/core/policy.ts';

/** Milliseconds: two checks. */
const PASSED_OVER = 5_000;
const LOOK = 2_500;
const MINUTE = 60_000;

describe('PubackWatchdog', () => {
  let clock: sinon.SinonFakeTimers;
  let watch: PubackWatchdog;
  let unacknowledged: Set<UnacknowledgedPublish>;
  let isWriting: boolean;
  let overdue: number[];

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    unacknowledged = new Set();
    isWriting = false;
    overdue = [];
    watch = new PubackWatchdog({
      unacknowledged: () => unacknowledged,
      isWriting: () => isWriting,
      overdue: publishes => overdue.push(publishes.length),
    });
  });

  afterEach(() => {
    watch.close();
    clock.restore();
  });

  function send(qos: QoS): UnacknowledgedPublish {
    const publish = { nth: watch.sent(), qos };
    unacknowledged.add(publish);
    return publish;
  }

  function acknowledge(publish: UnacknowledgedPublish): void {
    unacknowledged.delete(publish);
    watch.acknowledged(publish);
  }

  it('reports a broker that acknowledges nothing for a minute', () => {
    for (const qos of [1, 2, 1] satisfies QoS[]) send(qos);
    clock.tick(MINUTE);
    expect(overdue).to.deep.equal([]);
    clock.tick(LOOK);
    expect(overdue).to.deep.equal([3]);
  });

  it('reports an overtaken publish some seconds after a later one was acknowledged', () => {
    send(1);
    acknowledge(send(1));
    clock.tick(PASSED_OVER);
    expect(overdue).to.deep.equal([]);
    clock.tick(LOOK);
    expect(overdue).to.deep.equal([1]);
  });

  it('waits if a later publish was acknowledged only now', () => {
    send(1);
    clock.tick(4 * LOOK);
    acknowledge(send(1));
    clock.tick(PASSED_OVER - 1);
    expect(overdue).to.deep.equal([]);
  });

  it('waits for a publish of another QoS as long as others are acknowledged', () => {
    send(2);
    for (let time = 0; time < MINUTE; time += LOOK) {
      acknowledge(send(1));
      clock.tick(LOOK);
    }
    expect(overdue).to.deep.equal([]);
    clock.tick(MINUTE + 2 * LOOK);
    expect(overdue).to.deep.equal([1]);
  });

  it('waits for a slow broker that acknowledges one publish after the other', () => {
    const sent = Array.from({ length: 20 }, () => send(1));
    for (const publish of sent) {
      clock.tick(MINUTE - 1);
      acknowledge(publish);
    }
    expect(overdue).to.deep.equal([]);
  });

  it('waits while bytes have not been written, and a minute longer', () => {
    send(1);
    isWriting = true;
    clock.tick(5 * MINUTE);
    isWriting = false;
    clock.tick(MINUTE);
    expect(overdue).to.deep.equal([]);
    clock.tick(LOOK);
    expect(overdue).to.deep.equal([1]);
  });

  it('expects no acknowledgement of QoS 0, and takes a written publish for none', () => {
    send(0);
    send(1);
    acknowledge(send(0));
    clock.tick(MINUTE);
    expect(overdue).to.deep.equal([]);
    clock.tick(LOOK);
    expect(overdue).to.deep.equal([1]);
  });

  it('runs no timer while no publish is in flight', () => {
    acknowledge(send(1));
    clock.tick(LOOK);
    expect(clock.countTimers()).to.equal(0);
    send(1);
    clock.tick(MINUTE + LOOK);
    expect(overdue).to.deep.equal([1]);
  });
});
