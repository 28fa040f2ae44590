/** How a write flows through the reconciler: to whom it is offered, and when its worker may go on. */

import { expect } from 'chai';
import type { Event } from '../../lib/core/events.ts';
import { step } from '../../lib/core/step.ts';
import { CREDIT_TIMEOUT_MS, UNCOMMITTED_BYTES } from '../../lib/reconciler/links/inbound-credit.ts';
import type { Changes } from '../../lib/store/state-store.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { ReconcilerFixture } from './reconciler-fixture.ts';

/** A store whose commits take until `release` is called. */
class SlowStore extends MemoryStore {
  isSlow = false;
  #waiting: (() => void)[] = [];

  override commit(changes: Changes, done: (error?: Error) => void): void {
    if (!this.isSlow) super.commit(changes, done);
    else this.#waiting.push(() => super.commit(changes, done));
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  release(): void {
    for (const commit of this.#waiting.splice(0)) commit();
  }
}

describe('A write in the reconciler', () => {
  let fixture: ReconcilerFixture;

  beforeEach(() => {
    fixture = new ReconcilerFixture();
  });

  afterEach(() => fixture.close());

  describe('is offered', () => {
    let offers: number[];

    beforeEach(async () => {
      offers = [];
      await fixture.start({
        step: (register, event: Event, policy) => {
          if (event.kind === 'offered') offers.push(event.broker);
          return step(register, event, policy);
        },
      });
      await fixture.ready();
      offers = [];
    });

    it('to the other brokers, and not to the one at which it was written', async () => {
      await fixture.end(0).observe({ topic: 't', payload: '1' }).roundTrip();
      await fixture.tick();
      expect(offers).to.deep.equal([1, 2]);
    });

    it('to no broker that wrote the same itself', async () => {
      await fixture.end(0).observe({ topic: 't', payload: '1' }).roundTrip();
      await fixture.end(1).observe({ topic: 't', payload: '1' }).roundTrip();
      await fixture.tick();
      expect(offers).to.deep.equal([2]);
    });

    it('to the broker at which another write lost against it', async () => {
      await fixture.end(0).observe({ topic: 't', payload: '1' }).roundTrip();
      await fixture.end(1).observe({ topic: 't', payload: '2' }).roundTrip();
      await fixture.tick();
      expect(offers).to.deep.equal([0, 2]);
      expect(fixture.end(0).payloads).to.deep.equal(['t=2']);
    });
  });

  describe('with a slow store', () => {
    const HALF = 'x'.repeat(UNCOMMITTED_BYTES / 2);
    let store: SlowStore;

    beforeEach(async () => {
      store = new SlowStore();
      await fixture.start({ store });
      await fixture.ready();
      store.isSlow = true;
    });

    /** Writes more than may be uncommitted, in three batches; the credit of the last two is held back. */
    async function overload(): Promise<number> {
      const a = fixture.end(0);
      const before = a.credits;
      for (const topic of ['t', 'u', 'v']) a.observe({ topic, payload: HALF });
      await fixture.end(1).roundTrip();
      await fixture.end(1).roundTrip();
      return a.credits - before;
    }

    it('gets its credit back when the commit that holds its effects has ended', async () => {
      const a = fixture.end(0);
      expect(await overload()).to.equal(0);
      expect(store.waiting, 'a commit begins without a tick').to.equal(1);
      const before = a.credits;
      store.release();
      store.release();
      await a.until(() => a.credits === before + 3);
    });

    it('gets its credit back after a while although the store does not answer', async () => {
      const a = fixture.end(0);
      await overload();
      const before = a.credits;
      fixture.clock.tick(CREDIT_TIMEOUT_MS + 1_000);
      await a.until(() => a.credits === before + 3);
    });
  });
});
