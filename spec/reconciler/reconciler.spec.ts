/** The reconciler between its ports: observations in, packed publications out, each within its credit. */

import { expect } from 'chai';
import { MAX_PENDING } from '../../lib/core/register.ts';
import type { ReconcilerMeasures } from '../../lib/protocol/requests.ts';
import { CREDIT_BYTES } from '../../lib/reconciler/links/publish-flow.ts';
import { CREDIT } from '../../lib/reconciler/links/publish-window.ts';
import { ReconcilerFixture, TICK } from './reconciler-fixture.ts';
import type { WorkerEnd } from './worker-end.ts';

const FIRST_CONTACT_LIMIT = 5_000;

/** Milliseconds after which each broker has been sent a marker. */
const MARKER_PERIOD = 1_000;

const many = (count: number, payload = '1') =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, payload]));

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

  async function heldBack() {
    const measures = await fixture.reconciler.inspector.answer({ kind: 'measures', conflictsAfter: 0 });
    return (measures as ReconcilerMeasures).counts.heldBack;
  }

  it('tells each worker first under which identity and client id it connects', async () => {
    await Promise.all([a, b, c].map(end => end.until(() => end.messages.length > 0)));
    const us = { kind: 'start', replica: 'us', secret: 'secret' };
    expect(a.messages).to.deep.equal([{ ...us, clientId: 'kept_of_A' }]);
    expect(c.messages).to.deep.equal([{ ...us, clientId: 'kept_of_C' }]);
  });

  it('sends the messages of one broker to the others, at the tick, as one packed batch', async () => {
    await fixture.ready();
    a.observe({ topic: 't', payload: '1' }, { topic: 'u', payload: '2' });
    await a.roundTrip();
    expect(b.published).to.deep.equal([]);
    await fixture.tick();
    expect(b.payloads).to.deep.equal(['t=1', 'u=2']);
    expect(b.batches.at(-1)).to.equal(2);
    expect(c.payloads).to.deep.equal(['t=1', 'u=2']);
    expect(a.payloads).to.deep.equal([]);
  });

  it('sends the messages of a replay to the others when it is over, not at the tick', async () => {
    await fixture.ready();
    a.begin({ payload: '0' }).observe({ topic: 't', payload: '1', replay: true });
    await fixture.all();
    expect(b.payloads).to.deep.equal([]);
    a.post({ kind: 'caught-up', stamps: true, isReplayIncomplete: false });
    await fixture.all();
    expect(b.payloads).to.deep.equal(['t=1']);
    expect(c.payloads).to.deep.equal(['t=1']);
  });

  it('sends only the newest value of a tick', async () => {
    await fixture.ready();
    for (const payload of ['1', '2', '3']) a.observe({ topic: 't', payload });
    await a.roundTrip();
    await fixture.tick();
    expect(b.payloads).to.deep.equal(['t=3']);
  });

  it('gives back credit for each batch', async () => {
    await fixture.ready();
    const before = a.credits;
    for (let batch = 0; batch < 5; batch++) a.observe({ topic: 't', payload: String(batch) });
    await a.until(() => a.credits === before + 5);
  });

  it('publishes nothing before every broker has shown what it retains', async () => {
    a.begin().replay({ t: 'of A' });
    b.begin().replay({ t: 'of B' });
    await Promise.all([a.roundTrip(), b.roundTrip()]);
    fixture.clock.tick(FIRST_CONTACT_LIMIT - 1);
    await Promise.all([a.roundTrip(), b.roundTrip()]);
    expect([...a.payloads, ...b.payloads]).to.deep.equal([]);
    c.begin().replay();
    await b.until(() => b.published.length > 0);
    await c.until(() => c.published.length > 0);
    expect(b.payloads).to.deep.equal(['t=of A']);
    expect(c.payloads).to.deep.equal(['t=of A']);
  });

  it('does not wait for ever for a broker that is not connected', async () => {
    a.begin().replay({ t: 'of A' });
    b.begin().replay();
    await Promise.all([a.roundTrip(), b.roundTrip()]);
    fixture.clock.tick(FIRST_CONTACT_LIMIT);
    await b.until(() => b.published.length > 0);
    expect(b.payloads).to.deep.equal(['t=of A']);
    expect(c.payloads).to.deep.equal([]);
  });

  it('sends at most CREDIT publications before some are settled, and then twice as many if that was quick', async () => {
    a.begin().replay(many(3 * CREDIT + 500));
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
    a.begin().replay(many(20, 'x'.repeat(size)));
    b.begin().replay();
    c.begin().replay();
    await fixture.all();
    expect(b.published).to.have.lengthOf(8);
    await b.settle().roundTrip();
    expect(b.published).to.have.lengthOf(16);
  });

  it('counts how often the credit of a broker was used up, and logs it once', async () => {
    a.begin().replay(many(3 * CREDIT));
    b.begin().replay();
    c.begin().replay();
    await fixture.all();
    await b.settle().roundTrip();
    expect(await heldBack()).to.deep.include({
      A: { pending: 0, pending_of_topic: 0 },
      B: { pending: 2, pending_of_topic: 0 },
      C: { pending: 1, pending_of_topic: 0 },
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
    expect((await heldBack())['B']).to.deep.equal({ pending: 0, pending_of_topic: 3 });
    expect(
      fixture.log.filter(line => line.includes('B: 32 publishes of "t" are unconfirmed')),
    ).to.have.lengthOf(1);
  });

  it('keeps no old values for a broker without credit', async () => {
    a.begin().replay(many(CREDIT));
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

  it('sends everything again that was in flight when a session of a broker ended', async () => {
    await fixture.ready();
    a.observe({ topic: 't', payload: '1' });
    await a.roundTrip();
    await fixture.tick();
    b.post({ kind: 'disconnected' }).begin().replay();
    await b.until(() => b.published.length === 2);
    expect(b.payloads).to.deep.equal(['t=1', 't=1']);
    expect(b.messages.findLast(message => message.kind === 'publications')).to.include({ session: 2 });
  });

  it('promotes a background probe if a write waits for its answer', async () => {
    await fixture.ready({ t: '0', u: '0' });
    fixture.clock.tick(MARKER_PERIOD);
    await b.until(() => b.own.length > 0);
    for (const { topic, version, payload } of b.own)
      b.post({
        kind: 'publish-results',
        completedUpTo: 1,
        bytes: payload.length,
        acknowledged: [{ topic, version }],
        refused: [],
      });
    b.post({ kind: 'disconnected' })
      .begin({ payload: String(b.own[0]?.payload) })
      .replay();
    await b.until(() => b.messages.some(({ kind }) => kind === 'probe'));
    a.observe({ topic: 't', payload: '1' });
    await fixture.tick();
    expect(b.messages.filter(({ kind }) => kind === 'probe' || kind === 'promote-probes')).to.deep.equal([
      { kind: 'probe', session: 2, priority: 'background', topics: ['t', 'u'] },
      { kind: 'promote-probes', session: 2, topics: ['t'] },
    ]);
    expect(b.payloads).to.deep.equal([]);
  });

  it('uses a new port of a worker in place of the old one', async () => {
    await fixture.ready();
    const other = fixture.join(1);
    other.begin().replay({ t: '1' });
    await other.roundTrip();
    fixture.clock.tick(TICK);
    await a.until(() => a.published.length > 0);
    expect(a.payloads).to.deep.equal(['t=1']);
  });

  it('does not believe a stamp from 2099: a later write wins', async () => {
    await fixture.ready();
    const stamp = { time: Date.UTC(2099, 0, 1), counter: 0, replica: 'other' };
    await a.observe({ topic: 't', payload: 'from 2099', stamp }).roundTrip();
    await fixture.tick();
    await b.observe({ topic: 't', payload: 'later' }).roundTrip();
    await fixture.tick();
    expect(c.payloads.at(-1)).to.equal('t=later');
    expect(a.payloads).to.deep.equal(['t=later']);
  });

  it('retries a refused topic after a while, and delays no other topic', async () => {
    await fixture.ready();
    await a.observe({ topic: 't', payload: '1' }).roundTrip();
    await fixture.tick();
    const [publication] = b.published;
    if (publication === undefined) throw new Error('nothing was published');
    const { topic, version } = publication;
    await b.settle([{ topic, version, reason: 'not authorized', scope: 'topic' }]).roundTrip();
    await a.observe({ topic: 'u', payload: '1' }).roundTrip();
    await fixture.tick();
    expect(b.payloads).to.deep.equal(['t=1', 'u=1']);
    fixture.clock.tick(2_100);
    await b.roundTrip();
    expect(b.payloads).to.deep.equal(['t=1', 'u=1', 't=1']);
  });

  describe('stop', () => {
    it('sends what waits for the tick, and ends when everything is settled', async () => {
      await fixture.ready();
      await a.observe({ topic: 't', payload: '1' }).roundTrip();
      for (const end of [a, b, c]) end.settles = true;
      await fixture.reconciler.stop(60_000);
      expect(b.payloads).to.deep.equal(['t=1']);
      expect(c.payloads).to.deep.equal(['t=1']);
    });

    it('sends everything that waits for credit', async () => {
      a.begin().replay(many(2 * CREDIT + 1));
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
});
