/** What the overview keeps of the answers of the actors, and what changed between two states. */

import { expect } from 'chai';
import sinon from 'sinon';
import type { Conflict } from '../../lib/status/api.ts';
import { deltaBetween } from '../../lib/status/delta.ts';
import { Overview } from '../../lib/status/overview.ts';
import { added, Total } from '../../lib/status/totals.ts';
import { FakeReplicator } from './fake-replicator.ts';

describe('the overview', () => {
  let clock: sinon.SinonFakeTimers;
  let replicator: FakeReplicator;
  let overview: Overview;

  beforeEach(() => {
    clock = sinon.useFakeTimers({
      toFake: ['setInterval', 'clearInterval', 'performance', 'Date'],
      now: 1e12,
    });
    replicator = new FakeReplicator('OSLO', 'PARIS');
    overview = new Overview({
      asked: replicator.inspected,
      version: '1.2.3',
      mergeFrequency: () => 1,
      heartbeat: () => 10,
      hidesPayloads: false,
      allowsActions: false,
      filters: () => [],
      rateOf: name => (name === 'PARIS' ? { messages: 45, bytes: Number.POSITIVE_INFINITY } : undefined),
    });
    overview.start();
  });

  afterEach(() => {
    overview.close();
    clock.restore();
  });

  const received = (name: string, count: number) =>
    replicator.brokers.set(name, { received: count, published: 0, dropped: {} });

  const conflict = (at: number): Conflict => ({
    at,
    topic: 't',
    winner: { broker: 'OSLO', value: { kind: 'deleted' } },
    loser: { broker: 'PARIS', value: { kind: 'deleted' } },
    decidedBy: 'arrival',
  });

  it('samples the rates every five seconds, as the messages since the last sample', async () => {
    received('OSLO', 50);
    await clock.tickAsync(5_000);
    received('OSLO', 80);
    await clock.tickAsync(5_000);
    const { rates } = await overview.status();
    expect(rates.map(({ at, seconds, received: counts }) => ({ at, seconds, counts }))).to.deep.equal([
      { at: 1e12 + 5_000, seconds: 5, counts: { OSLO: 50, PARIS: 0 } },
      { at: 1e12 + 10_000, seconds: 5, counts: { OSLO: 30, PARIS: 0 } },
    ]);
  });

  it('has the rate to which the configuration limits a broker', async () => {
    const { brokers } = await overview.status();
    expect(
      brokers.map(({ name, maxRate, maxBytesPerSecond }) => [name, maxRate, maxBytesPerSecond]),
    ).to.deep.equal([
      ['OSLO', null, null],
      ['PARIS', 45, null],
    ]);
  });

  it('keeps ten minutes of samples', async () => {
    await clock.tickAsync(700_000);
    const { rates } = await overview.status();
    expect(rates).to.have.lengthOf(120);
    expect(rates.at(-1)?.at).to.equal(1e12 + 700_000);
  });

  it('adds the counts of an actor that was started again, and never counts backwards', async () => {
    received('OSLO', 50);
    await clock.tickAsync(5_000);
    replicator.link('OSLO').actors++;
    received('OSLO', 3);
    await clock.tickAsync(5_000);
    const status = await overview.status();
    expect(status.brokers[0]?.received).to.equal(53);
    expect(status.rates.at(-1)?.received['OSLO']).to.equal(3);
  });

  it('shows the last values of an actor that does not answer', async () => {
    received('OSLO', 50);
    await clock.tickAsync(5_000);
    replicator.brokers.delete('OSLO');
    await clock.tickAsync(5_000);
    const { brokers } = await overview.status();
    expect(brokers.map(({ name, received: count }) => [name, count])).to.deep.equal([
      ['OSLO', 50],
      ['PARIS', 0],
    ]);
  });

  it('collects at most 50 conflicts, newest first, each once, also those of a new reconciler', async () => {
    replicator.conflicts.push(conflict(1), conflict(2));
    await overview.status();
    await clock.tickAsync(1_000);
    expect((await overview.status()).conflicts.map(({ at }) => at)).to.deep.equal([2, 1]);
    replicator.reconcilerActors++;
    replicator.conflicts.splice(0, 2, conflict(3));
    await clock.tickAsync(1_000);
    expect((await overview.status()).conflicts.map(({ at }) => at)).to.deep.equal([3, 2, 1]);
    for (let at = 4; at < 100; at++) replicator.conflicts.push(conflict(at));
    await clock.tickAsync(1_000);
    const { conflicts } = await overview.status();
    expect(conflicts).to.have.lengthOf(50);
    expect(conflicts[0]?.at).to.equal(99);
  });

  it('returns durations in milliseconds, and cumulative counts as in Prometheus', async () => {
    for (const seconds of [0.02, 0.02, 0.4, 5_000]) replicator.convergence.observe(seconds);
    const { convergence } = await overview.status();
    expect(convergence.count).to.equal(4);
    expect(convergence.sum).to.be.closeTo(5_000_440, 1e-3);
    const counts = new Map(convergence.buckets.map(({ upTo, count }) => [upTo, count]));
    expect([10, 25, 250, 500, 3_600_000, null].map(upTo => counts.get(upTo))).to.deep.equal([
      0, 2, 2, 3, 3, 4,
    ]);
  });

  it('has deltas with what changed between two states, and nothing else', async () => {
    replicator.conflicts.push(conflict(1));
    const before = await overview.status();
    expect(deltaBetween(before, await overview.status())).to.equal(undefined);
    replicator.conflicts.push(conflict(2), conflict(3));
    replicator.link('PARIS').enter('ready', 'MQTT 5');
    await clock.tickAsync(5_000);
    const after = await overview.status();
    const delta = deltaBetween(before, after);
    expect(Object.keys(delta ?? {}).toSorted()).to.deep.equal(['brokers', 'conflicts', 'rates']);
    expect(delta?.brokers).to.deep.equal([after.brokers[1]]);
    expect(delta?.conflicts?.map(({ at }) => at)).to.deep.equal([3, 2]);
    expect(delta?.rates).to.have.lengthOf(1);
  });
});

describe('counts of several incarnations', () => {
  it('are added by name and index, also if only one of them has a count', () => {
    expect(added({ a: 1, b: { c: 2 }, d: [1, 2] }, { a: 10, b: { c: 20, e: 5 }, d: [1, 1] })).to.deep.equal({
      a: 11,
      b: { c: 22, e: 5 },
      d: [2, 3],
    });
  });

  it('can have names that every object of JavaScript has', () => {
    const strange = JSON.parse('{"__proto__":1,"constructor":2}') as Record<string, number>;
    expect(Object.entries(added(strange, strange))).to.deep.equal([
      ['__proto__', 2],
      ['constructor', 4],
    ]);
  });

  it('are the latest counts until an actor is started again, then the sum', () => {
    const total = new Total<{ n: number }>();
    expect(total.value).to.equal(undefined);
    total.update({ n: 4 }, 0);
    total.update({ n: 6 }, 0);
    expect(total.value).to.deep.equal({ n: 6 });
    total.update({ n: 1 }, 1);
    total.update({ n: 2 }, 1);
    expect(total.value).to.deep.equal({ n: 8 });
    total.update({ n: 1 }, 3);
    expect(total.value).to.deep.equal({ n: 9 });
  });
});
