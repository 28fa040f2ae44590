/** At its end the reconciler sends what waits, and waits until all is settled, or until it is late. */

import { expect } from 'chai';
import { CREDIT } from '../../lib/reconciler/links/publish-window.ts';
import { manyTopics, ReconcilerFixture } from './reconciler-fixture.ts';
import type { WorkerEnd } from './worker-end.ts';

describe('A stopping reconciler', () => {
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

  it('sends what waits for the tick, and ends when everything is settled', async () => {
    await fixture.ready();
    await a.observe({ topic: 't', payload: '1' }).roundTrip();
    for (const end of [a, b, c]) end.settles = true;
    await fixture.reconciler.stop(60_000);
    expect(b.payloads).to.deep.equal(['t=1']);
    expect(c.payloads).to.deep.equal(['t=1']);
  });

  it('sends everything that waits for credit', async () => {
    a.begin().replay(manyTopics(2 * CREDIT + 1));
    b.begin().replay();
    c.begin().replay();
    await fixture.all();
    for (const end of [a, b, c]) {
      end.settle();
      end.settles = true;
    }
    await fixture.reconciler.stop(60_000);
    expect(new Set(b.payloads).size).to.equal(2 * CREDIT + 1);
    expect(new Set(c.payloads).size).to.equal(2 * CREDIT + 1);
  });

  it('ends in time although a broker settles nothing', async () => {
    await fixture.ready();
    await a.observe({ topic: 't', payload: '1' }).roundTrip();
    const stopped = fixture.reconciler.stop(1_000);
    await b.until(() => b.published.length > 0);
    fixture.clock.tick(1_000);
    await stopped;
  });

  it('leaves no marker behind without a lasting store, although one was due', async () => {
    await fixture.ready();
    await a.observe({ topic: 't', payload: '1' }).roundTrip();
    await fixture.tick();
    const stopped = fixture.reconciler.stop(60_000);
    await fixture.all();
    fixture.clock.tick(2_000);
    await fixture.all();
    for (const end of [a, b, c]) end.settle();
    await stopped;
    for (const end of [a, b, c]) expect(end.own.map(({ payload }) => String(payload)).at(-1)).to.equal('');
  });

  it('ends at once if no broker is connected', async () => {
    await fixture.reconciler.stop(60_000);
    expect(fixture.log.filter(line => line.startsWith('error'))).to.deep.equal([]);
  });
});
