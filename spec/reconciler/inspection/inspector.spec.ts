/** The answers of the reconciler to requests about topics and measures. */

import { expect } from 'chai';
import type { ReconcilerResponses } from '../../../lib/protocol/requests.ts';
import type { Inspection } from '../../../lib/reconciler/inspection/inspector.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { type FixtureOptions, NOW, ReconcilerFixture } from '../reconciler-fixture.ts';
import type { WorkerEnd } from '../worker-end.ts';

/** Topics under `private/…` must not be published to C. */
const FILTERS = [
  { filter: '#', subscribe: 7, publish: 7 },
  { filter: 'private/#', subscribe: 7, publish: 3 },
];

describe('Inspector', () => {
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

  const ask = <Q extends Inspection>(question: Q) =>
    fixture.reconciler.inspector.answer(question) as Promise<ReconcilerResponses[Q['kind']]>;
  const measures = (conflictsAfter = 0) => ask({ kind: 'measures', conflictsAfter });
  const list = (which: 'all' | 'diverging' = 'all', filter = '') =>
    ask({ kind: 'topics', filter, which, after: null, limit: 100 });

  /** The broker shows what was published to it, and has acknowledged it. */
  async function echo(end: WorkerEnd): Promise<void> {
    const echoes = end.published.splice(0).map(({ topic, payload, version }) => ({
      topic,
      payload: payload.toString(),
      stamp: version,
      own: true,
    }));
    if (echoes.length > 0) end.settle().observe(...echoes);
    await end.roundTrip();
  }

  it('counts each topic once: diverging until every broker is seen to hold the winner, then converged', async () => {
    await begin();
    await fixture.ready();
    // The markers are acknowledged.
    await fixture.tick();
    for (const end of fixture.ends) end.settle();
    a.observe({ topic: 't', payload: '1' }, { topic: 'u', payload: '2' });
    await fixture.all();
    expect((await measures()).topics).to.deep.equal({ converged: 0, diverging: 2, blocked: 0, deleted: 0 });
    await fixture.tick();
    await echo(b);
    let { topics, links } = await measures();
    expect(topics).to.deep.equal({ converged: 0, diverging: 2, blocked: 0, deleted: 0 });
    expect(links.map(({ behind }) => behind)).to.deep.equal([0, 0, 2]);
    expect(links.map(({ pending }) => pending)).to.deep.equal([0, 0, 2]);
    await echo(c);
    ({ topics, links } = await measures());
    expect(topics).to.deep.equal({ converged: 2, diverging: 0, blocked: 0, deleted: 0 });
    expect(links.map(({ behind }) => behind)).to.deep.equal([0, 0, 0]);
  });

  it('counts a deletion that has reached all brokers as deleted', async () => {
    await begin();
    await fixture.ready({ t: '1' });
    a.observe({ topic: 't', payload: '' });
    await fixture.all();
    expect((await measures()).topics).to.include({ diverging: 1 });
    await fixture.tick();
    await echo(b);
    await echo(c);
    expect((await measures()).topics).to.deep.equal({ converged: 0, diverging: 0, blocked: 0, deleted: 1 });
  });

  it('does not expect a topic at a broker to which it must not be published', async () => {
    await begin();
    await fixture.ready();
    a.observe({ topic: 'private/t', payload: '1' });
    await fixture.tick();
    await echo(b);
    expect((await measures()).topics).to.include({ converged: 1, diverging: 0 });
    const row = (await list()).topics[0];
    expect(row?.held['C']).to.deep.equal({ value: { kind: 'unknown' }, agrees: true });
  });

  it('does not count topics of transient messages', async () => {
    await begin();
    await fixture.ready();
    a.observe({ topic: 't', payload: '1', retained: false });
    await fixture.tick();
    expect((await measures()).topics).to.deep.equal({ converged: 0, diverging: 0, blocked: 0, deleted: 0 });
    expect((await list()).topics).to.deep.equal([]);
  });

  it('counts a topic that a broker refuses as blocked, until the broker takes it', async () => {
    await begin();
    await fixture.ready();
    a.observe({ topic: 't', payload: '1' });
    await fixture.tick();
    await echo(b);
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
    let { topics, links } = await measures();
    expect(topics).to.deep.equal({ converged: 0, diverging: 0, blocked: 1, deleted: 0 });
    expect(links.map(({ blocked }) => blocked)).to.deep.equal([0, 0, 1]);
    const details = await ask({ kind: 'topic', topic: 't' });
    expect(details?.state).to.equal('blocked');
    expect(details?.blocked).to.have.all.keys('C');
    expect(details?.blocked['C']?.reason).to.equal('not authorized');
    expect((await list('diverging')).topics.map(({ topic }) => topic)).to.deep.equal(['t']);
    fixture.clock.tick(20 * 60_000);
    await fixture.all();
    await echo(c);
    ({ topics, links } = await measures());
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
    expect((await measures()).topics).to.include({ converged: 2, diverging: 0 });
    expect((await list()).topics.map(({ topic }) => topic)).to.deep.equal(['t', 'u']);
  });

  it('measures once the time from a write until the last broker is seen to hold it', async () => {
    await begin();
    await fixture.ready();
    a.observe({ topic: 't', payload: '1' });
    await fixture.tick();
    await echo(b);
    fixture.clock.tick(400);
    await echo(c);
    const { convergence } = (await measures()).counts;
    expect(convergence.buckets.reduce((sum, count) => sum + count)).to.equal(1);
    expect(convergence.sum).to.be.closeTo(0.5, 0.001);
    // The broker holds the same as before, so nothing converges again.
    c.observe({ topic: 't', payload: '1' });
    await fixture.all();
    expect((await measures()).counts.convergence).to.deep.equal(convergence);
  });

  it('measures no time for messages of the first contact', async () => {
    await begin();
    a.begin().replay({ t: '1' });
    b.begin().replay();
    c.begin().replay({ t: '1' });
    await fixture.all();
    await echo(b);
    const { convergence } = (await measures()).counts;
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
    await echo(b);
    fixture.clock.tick(400);
    await echo(c);
    const { convergence } = (await measures()).counts;
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
    await echo(b);
    const { topics, counts } = await measures();
    expect(topics).to.include({ converged: 1, diverging: 0 });
    expect(counts.convergence.buckets.reduce((sum, count) => sum + count)).to.equal(0);
  });

  it('tells since when the topics that a broker lacks longest are diverging, and which topic it refuses', async () => {
    await begin();
    await fixture.ready();
    a.observe({ topic: 't', payload: '1' });
    await fixture.tick();
    await echo(b);
    fixture.clock.tick(5_000);
    await fixture.all();
    let [, atB, atC] = (await measures()).links;
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
    [, atB, atC] = (await measures()).links;
    // A topic that the broker refuses is told as refused, and no longer as one that lags.
    expect(atC).to.include({ behindSince: null });
    expect(atC?.refusal).to.deep.equal({ topic: 't', reason: 'not authorized', since: NOW + 5_100 });
  });

  it('tells the winner of a topic, its origin and what each broker holds', async () => {
    await begin();
    await fixture.ready({ t: 'old' });
    fixture.clock.tick(1_000);
    a.observe({ topic: 't', payload: 'new', expiry: 60_000 });
    await fixture.tick();
    await echo(b);
    const details = await ask({ kind: 'topic', topic: 't' });
    const value = (text: string) => ({ kind: 'text', text, bytes: 3 });
    expect(details).to.deep.include({
      topic: 't',
      state: 'diverging',
      origin: 'A',
      winner: value('new'),
      changedAt: NOW + 1_000,
      expiresAt: NOW + 61_000,
      held: {
        A: { value: value('new'), agrees: true },
        B: { value: value('new'), agrees: true },
        C: { value: value('old'), agrees: false },
      },
      pending: { C: 1 },
      blocked: {},
      retain: false,
      qos: 1,
      conflicts: [],
    });
    expect(details?.version).to.include({ time: NOW + 1_000, replica: 'us' });
    expect(await ask({ kind: 'topic', topic: 'none' })).to.equal(null);
  });

  it('keeps conflicts, with both sides and the comparator that decided', async () => {
    await begin();
    await fixture.ready();
    a.observe({ topic: 't', payload: 'of A' });
    await a.roundTrip();
    b.observe({ topic: 't', payload: 'of B' });
    await fixture.all();
    const { conflicts, counts, lastConflict } = await measures();
    const value = (text: string) => ({ kind: 'text', text, bytes: 4 });
    expect(conflicts).to.deep.equal([
      {
        at: NOW,
        topic: 't',
        winner: { broker: 'B', value: value('of B') },
        loser: { broker: 'A', value: value('of A') },
        decidedBy: 'arrival',
      },
    ]);
    expect(counts.conflicts).to.deep.equal({ arrival: 1 });
    expect((await ask({ kind: 'topic', topic: 't' }))?.conflicts).to.deep.equal(conflicts);
    expect((await measures(lastConflict)).conflicts).to.deep.equal([]);
  });

  it('hides payloads if they are to be hidden', async () => {
    await begin({ payloads: 'hidden' });
    await fixture.ready();
    a.observe({ topic: 't', payload: 's3cret' });
    await a.roundTrip();
    b.observe({ topic: 't', payload: 's3cret too' });
    await fixture.all();
    const answers = JSON.stringify([
      await measures(),
      await list(),
      await ask({ kind: 'topic', topic: 't' }),
      await ask({ kind: 'level', under: '', after: null, limit: 9 }),
    ]);
    expect(answers).to.contain('"kind":"hidden"');
    expect(answers).not.to.contain('s3cret');
  });

  it('returns levels of the topic tree, with the topics that end there', async () => {
    await begin();
    await fixture.ready({ 'x/1': '1', 'x/2/3': '2', x: '0', y: '4' });
    a.observe({ topic: 'x/1', payload: 'new' });
    await fixture.all();
    const { nodes, size } = await ask({ kind: 'level', under: '', after: null, limit: 9 });
    expect(size).to.equal(2);
    expect(
      nodes.map(({ name, topic, beneath, diverging }) => [name, topic?.topic, beneath, diverging]),
    ).to.deep.equal([
      ['x', 'x', 2, 1],
      ['y', 'y', 0, 0],
    ]);
  });
});
