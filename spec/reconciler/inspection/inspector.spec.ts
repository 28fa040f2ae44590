/** The answers of the reconciler to requests about topics and conflicts. */

import { expect } from 'chai';
import { type FixtureOptions, NOW, ReconcilerFixture } from '../reconciler-fixture.ts';
import type { WorkerEnd } from '../worker-end.ts';

describe('Inspector', () => {
  let fixture: ReconcilerFixture;
  let a: WorkerEnd;
  let b: WorkerEnd;

  const begin = async (options: FixtureOptions = {}) => {
    await fixture.start(options);
    [a, b] = [fixture.end(0), fixture.end(1)];
  };

  beforeEach(() => {
    fixture = new ReconcilerFixture();
  });

  afterEach(() => fixture.close());

  it('tells the winner of a topic, its origin and what each broker holds', async () => {
    await begin();
    await fixture.ready({ t: 'old' });
    fixture.clock.tick(1_000);
    a.observe({ topic: 't', payload: 'new', expiry: 60_000 });
    await fixture.tick();
    await b.echo().roundTrip();
    const details = await fixture.ask({ kind: 'topic', topic: 't' });
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
    expect(await fixture.ask({ kind: 'topic', topic: 'none' })).to.equal(null);
  });

  it('keeps conflicts, with both sides and the comparator that decided', async () => {
    await begin();
    await fixture.ready();
    a.observe({ topic: 't', payload: 'of A' });
    await a.roundTrip();
    b.observe({ topic: 't', payload: 'of B' });
    await fixture.all();
    const { conflicts, counts, lastConflict } = await fixture.measures();
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
    expect((await fixture.ask({ kind: 'topic', topic: 't' }))?.conflicts).to.deep.equal(conflicts);
    expect((await fixture.measures(lastConflict)).conflicts).to.deep.equal([]);
  });

  it('hides payloads if they are to be hidden', async () => {
    await begin({ payloads: 'hidden' });
    await fixture.ready();
    a.observe({ topic: 't', payload: 's3cret' });
    await a.roundTrip();
    b.observe({ topic: 't', payload: 's3cret too' });
    await fixture.all();
    const answers = JSON.stringify([
      await fixture.measures(),
      await fixture.ask({ kind: 'topics', filter: '', which: 'all', after: null, limit: 100 }),
      await fixture.ask({ kind: 'topic', topic: 't' }),
      await fixture.ask({ kind: 'level', under: '', after: null, limit: 9 }),
    ]);
    expect(answers).to.contain('"kind":"hidden"');
    expect(answers).not.to.contain('s3cret');
  });

  it('returns levels of the topic tree, with the topics that end there', async () => {
    await begin();
    await fixture.ready({ 'x/1': '1', 'x/2/3': '2', x: '0', y: '4' });
    a.observe({ topic: 'x/1', payload: 'new' });
    await fixture.all();
    const { nodes, size } = await fixture.ask({ kind: 'level', under: '', after: null, limit: 9 });
    expect(size).to.equal(2);
    expect(
      nodes.map(({ name, topic, beneath, diverging }) => [name, topic?.topic, beneath, diverging]),
    ).to.deep.equal([
      ['x', 'x', 2, 1],
      ['y', 'y', 0, 0],
    ]);
  });
});
