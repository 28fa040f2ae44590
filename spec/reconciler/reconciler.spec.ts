/** The reconciler between its ports: observations in, packed publications out. */

import { expect } from 'chai';
import { RETURNED_TOGETHER } from '../../lib/reconciler/links/inbound-credit.ts';
import { ReconcilerFixture, TICK } from './reconciler-fixture.ts';
import type { WorkerEnd } from './worker-end.ts';

const FIRST_CONTACT_LIMIT = 5_000;

/** Milliseconds after which each broker has been sent a marker. */
const MARKER_PERIOD = 1_000;

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

  it('gives back credit for the batches, for a few at a time', async () => {
    await fixture.ready();
    const before = a.credits;
    for (let batch = 0; batch < 2 * RETURNED_TOGETHER; batch++)
      a.observe({ topic: 't', payload: String(batch) });
    await a.until(() => a.credits >= before + 2 * RETURNED_TOGETHER);
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
    b.confirmMarkers().returnWith({});
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
});
