/** The reconciler counts each topic once, by its state, and measures how long writes take to converge. */

import { expect } from 'chai';
import { MemoryStore } from '../../support/memory-store.ts';
import { type FixtureOptions, NOW, ReconcilerFixture } from '../reconciler-fixture.ts';
import type { WorkerEnd } from '../worker-end.ts';

/** Topics under `private/…` must not be published to C. */
const FILTERS = [
  { filter: '#', subscribe: 7, publish: 7 },
  { filter: 'private/#', subscribe: 7, publish: 3 },
];

describe('A reconciler', () => {
  let fixture: ReconcilerFixture;
  let a: WorkerEnd;
  let b: WorkerEnd;
  let c: WorkerEnd;

  const begin = async (options: FixtureOptions = {}) => {
    await fixture.start({ filters: FILTERS, ...options });
    [a, b, c] = [fixture.end(0), fixture.end(1), fixture.end(2)];
  };

  beforeEach(() => {
    fixture = new ReconcilerFixture();
  });

  afterEach(() => fixture.close());

  const list = (which: 'all' | 'diverging' = 'all') =>
    fixture.ask({ kind: 'topics', filter: '', which, after: null, limit: 100 });

  it('counts each topic once: diverging until every broker is seen to hold the winner, then converged', async () => {
    await begin();
    await fixture.ready();
    // The markers are acknowledged.
    await fixture.tick();
    for (const end of fixture.ends) end.settle();
    a.observe({ topic: 't', payload: '1' }, { topic: 'u', payload: '2' });
    await fixture.all();
    expect((await fixture.measures()).topics).to.deep.equal({
      converged: 0,
      diverging: 2,
      blocked: 0,
      deleted: 0,
    });
    await fixture.tick();
    await b.echo().roundTrip();
    let { topics, links } = await fixture.measures();
    expect(topics).to.deep.equal({ converged: 0, diverging: 2, blocked: 0, deleted: 0 });
    expect(links.map(({ behind }) => behind)).to.deep.equal([0, 0, 2]);
    expect(links.map(({ pending }) => pending)).to.deep.equal([0, 0, 2]);
    await c.echo().roundTrip();
    ({ topics, links } = await fixture.measures());
    expect(topics).to.deep.equal({ converged: 2, diverging: 0, blocked: 0, deleted: 0 });
    expect(links.map(({ behind }) => behind)).to.deep.equal([0, 0, 0]);
  });

  it('counts a deletion that has reached all brokers as deleted', async () => {
    await begin();
    await fixture.ready({ t: '1' });
    a.observe({ topic: 't', payload: '' });
    await fixture.all();
    expect((await fixture.measures()).topics).to.include({ diverging: 1 });
    await fixture.tick();
    await b.echo().roundTrip();
    await c.echo().roundTrip();
    expect((await fixture.measures()).topics).to.deep.equal({
      converged: 0,
      diverging: 0,
      blocked: 0,
      deleted: 1,
    });
  });

  it('does not expect a topic at a broker to which it must not be published', async () => {
    await begin();
    await fixture.ready();
    a.observe({ topic: 'private/t', payload: '1' });
    await fixture.tick();
    await b.echo().roundTrip();
    expect((await fixture.measures()).topics).to.include({ converged: 1, diverging: 0 });
    const row = (await list()).topics[0];
    expect(row?.held['C']).to.deep.equal({ value: { kind: 'unknown' }, agrees: true });
  });

  it('does not count topics of transient messages', async () => {
    await begin();
    await fixture.ready();
    a.observe({ topic: 't', payload: '1', retained: false });
    await fixture.tick();
    expect((await fixture.measures()).topics).to.deep.equal({
      converged: 0,
      diverging: 0,
      blocked: 0,
      deleted: 0,
    });
    expect((await list()).topics).to.deep.equal([]);
  });

  it('counts a topic that a broker refuses as blocked, until the broker takes it', async () => {
    await begin();
    await fixture.ready();
    a.observe({ topic: 't', payload: '1' });
    await fixture.tick();
    await b.echo().roundTrip();
    for (let failure = 0; failure < 3; failure++) {
      const [refused] = c.published.splice(0);
      if (refused === undefined) throw new Error('nothing was published');
      const { topic, version } = refused;
      c.settle([{ topic, version, reason: 'not authorized', scope: 'topic' }]);
      await fixture.all();
      if (failure === 2) break;
      fixture.clock.tick(10_000);
      await fixture.all();
    }
    let { topics, links } = await fixture.measures();
    expect(topics).to.deep.equal({ converged: 0, diverging: 0, blocked: 1, deleted: 0 });
    expect(links.map(({ blocked }) => blocked)).to.deep.equal([0, 0, 1]);
    const details = await fixture.ask({ kind: 'topic', topic: 't' });
    expect(details?.state).to.equal('blocked');
    expect(details?.blocked).to.have.all.keys('C');
    expect(details?.blocked['C']?.reason).to.equal('not authorized');
    expect((await list('diverging')).topics.map(({ topic }) => topic)).to.deep.equal(['t']);
    fixture.clock.tick(20 * 60_000);
    await fixture.all();
    await c.echo().roundTrip();
    ({ topics, links } = await fixture.measures());
    expect(topics).to.deep.equal({ converged: 1, diverging: 0, blocked: 0, deleted: 0 });
    expect(links.map(({ blocked }) => blocked)).to.deep.equal([0, 0, 0]);
  });

  it('counts the topics of the store', async () => {
    const store = new MemoryStore();
    await begin({ store });
    await fixture.ready({ t: '1', u: '2' });
    const stopped = fixture.reconciler.stop(0);
    fixture.clock.tick(1);
    await stopped;
    await begin({ store });
    expect((await fixture.measures()).topics).to.include({ converged: 2, diverging: 0 });
    expect((await list()).topics.map(({ topic }) => topic)).to.deep.equal(['t', 'u']);
  });

  it('measures once the time from a write until the last broker is seen to hold it', async () => {
    await begin();
    await fixture.ready();
    a.observe({ topic: 't', payload: '1' });
    await fixture.tick();
    await b.echo().roundTrip();
    fixture.clock.tick(400);
    await c.echo().roundTrip();
    const { convergence } = (await fixture.measures()).counts;
    expect(convergence.buckets.reduce((sum, count) => sum + count)).to.equal(1);
    expect(convergence.sum).to.be.closeTo(0.5, 0.001);
    // The broker holds the same as before, so nothing converges again.
    c.observe({ topic: 't', payload: '1' });
    await fixture.all();
    expect((await fixture.measures()).counts.convergence).to.deep.equal(convergence);
  });

  it('measures no time for messages of the first contact', async () => {
    await begin();
    a.begin().replay({ t: '1' });
    b.begin().replay();
    c.begin().replay({ t: '1' });
    await fixture.all();
    await b.echo().roundTrip();
    const { convergence } = (await fixture.measures()).counts;
    expect(convergence.buckets.reduce((sum, count) => sum + count)).to.equal(0);
    const [row] = (await list()).topics;
    expect(row).to.include({ state: 'converged', changedAt: null });
  });

  it('measures the time from the arrival here, whatever time another replicator stamped', async () => {
    await begin();
    await fixture.ready();
    const stamp = { time: NOW - 3_600_000, counter: 0, replica: 'other' };
    a.observe({ topic: 't', payload: '1', stamp });
    await fixture.tick();
    await b.echo().roundTrip();
    fixture.clock.tick(400);
    await c.echo().roundTrip();
    const { convergence } = (await fixture.measures()).counts;
    expect(convergence.buckets.reduce((sum, count) => sum + count)).to.equal(1);
    expect(convergence.sum).to.be.closeTo(0.5, 0.001);
  });

  it('measures no time for what a replay shows, though a process with a lost store stamped it long ago', async () => {
    await begin();
    const stamp = { time: NOW - 3_600_000, counter: 0, replica: 'of the lost store' };
    a.begin().observe({ topic: 't', payload: '1', stamp, replay: true }).replay();
    b.begin().replay();
    c.begin().observe({ topic: 't', payload: '1', stamp, replay: true }).replay();
    await fixture.all();
    await fixture.tick();
    await b.echo().roundTrip();
    const { topics, counts } = await fixture.measures();
    expect(topics).to.include({ converged: 1, diverging: 0 });
    expect(counts.convergence.buckets.reduce((sum, count) => sum + count)).to.equal(0);
  });

  it('tells since when the topics that a broker lacks longest are diverging, and which topic it refuses', async () => {
    await begin();
    await fixture.ready();
    a.observe({ topic: 't', payload: '1' });
    await fixture.tick();
    await b.echo().roundTrip();
    fixture.clock.tick(5_000);
    await fixture.all();
    let [, atB, atC] = (await fixture.measures()).links;
    expect(atB).to.include({ behindSince: null, refusal: null });
    expect(atC?.behindSince).to.be.within(NOW, NOW + 200);
    for (let failure = 0; failure < 3; failure++) {
      const [refused] = c.published.splice(0);
      if (refused === undefined) throw new Error('nothing was published');
      const { topic, version } = refused;
      c.settle([{ topic, version, reason: 'not authorized', scope: 'topic' }]);
      await fixture.all();
      if (failure === 2) break;
      fixture.clock.tick(10_000);
      await fixture.all();
    }
    [, atB, atC] = (await fixture.measures()).links;
    // A topic that the broker refuses is told as refused, and no longer as one that lags.
    expect(atC).to.include({ behindSince: null });
    expect(atC?.refusal).to.deep.equal({ topic: 't', reason: 'not authorized', since: NOW + 5_100 });
  });
});
