/** A broker is sent no more than it settles: at most so many publications, bytes, and publications of one topic. */

import { expect } from 'chai';
import { MAX_PENDING } from '../../lib/core/register.ts';
import { CREDIT_BYTES } from '../../lib/reconciler/links/publish-flow.ts';
import { CREDIT } from '../../lib/reconciler/links/publish-window.ts';
import { manyTopics, ReconcilerFixture } from './reconciler-fixture.ts';
import type { WorkerEnd } from './worker-end.ts';

describe('Reconciler', () => {
  let fixture: ReconcilerFixture;
  let a: WorkerEnd;
  let b: WorkerEnd;
  let c: WorkerEnd;

  beforeEach(async () => {
    fixture = new ReconcilerFixture();
    await fixture.start();
    [a, b, c] = [fixture.end(0), fixture.end(1), fixture.end(2)];
  });

  afterEach(() => fixture.close());

  const heldBack = async () => (await fixture.measures()).counts.heldBack;

  it('sends at most CREDIT publications before some are settled, and then twice as many if that was quick', async () => {
    a.begin().replay(manyTopics(3 * CREDIT + 500));
    b.begin().replay();
    c.begin().replay();
    await fixture.all();
    // The marker may count as one of them.
    const expectSent = ({ published }: WorkerEnd, count: number) =>
      expect(published).to.have.length.within(count - 1, count);
    expectSent(b, CREDIT);
    await b.settle().roundTrip();
    expectSent(b, 3 * CREDIT);
    await b.settle().roundTrip();
    expect(b.published).to.have.lengthOf(3 * CREDIT + 500);
    expectSent(c, CREDIT);
    expect(new Set(b.payloads).size).to.equal(3 * CREDIT + 500);
  });

  it('sends at most about CREDIT_BYTES of payload before some are settled', async () => {
    const size = CREDIT_BYTES / 8;
    a.begin().replay(manyTopics(20, 'x'.repeat(size)));
    b.begin().replay();
    c.begin().replay();
    await fixture.all();
    expect(b.published).to.have.lengthOf(8);
    await b.settle().roundTrip();
    expect(b.published).to.have.lengthOf(16);
  });

  it('counts how often the credit of a broker was used up, and logs it once', async () => {
    a.begin().replay(manyTopics(3 * CREDIT));
    b.begin().replay();
    c.begin().replay();
    await fixture.all();
    await b.settle().roundTrip();
    expect(await heldBack()).to.deep.include({
      A: { pending: 0, pending_of_topic: 0, rate: 0 },
      B: { pending: 2, pending_of_topic: 0, rate: 0 },
      C: { pending: 1, pending_of_topic: 0, rate: 0 },
    });
    expect(
      fixture.log.filter(line => line.includes('B: 1000 publishes or 16 MB are unconfirmed')),
    ).to.have.lengthOf(1);
  });

  it('counts how often a topic had as many publishes in flight as allowed, and logs it once', async () => {
    await fixture.ready();
    for (let value = 0; value < MAX_PENDING + 3; value++) {
      a.observe({ topic: 't', payload: String(value) });
      await a.roundTrip();
      await fixture.tick();
      b.settle();
    }
    await fixture.all();
    expect(b.payloads).to.have.lengthOf(MAX_PENDING);
    expect((await heldBack())['B']).to.deep.equal({ pending: 0, pending_of_topic: 3, rate: 0 });
    expect(
      fixture.log.filter(line => line.includes('B: 32 publishes of "t" are unconfirmed')),
    ).to.have.lengthOf(1);
  });

  it('keeps no old values for a broker without credit', async () => {
    a.begin().replay(manyTopics(CREDIT));
    b.begin().replay();
    c.begin().replay();
    await fixture.all();
    for (const payload of ['1', '2', '3']) {
      await a.observe({ topic: 'late', payload }).roundTrip();
      await fixture.tick();
    }
    await b.settle().roundTrip();
    expect(b.payloads.filter(text => text.startsWith('late'))).to.deep.equal(['late=3']);
  });
});
