/** The replicator with real threads and real connections: it replicates, survives crashes of its actors, and stops. */

import { expect } from 'chai';
import sinon from 'sinon';
import type { MergeChain } from '../../lib/core/merge-chain.ts';
import type { Replicator } from '../../lib/supervisor/replicator.ts';
import { MAX_CRASHES } from '../../lib/supervisor/restart-policy.ts';
import { expectEqualBrokers } from '../support/equal.ts';
import { eventually } from '../support/eventually.ts';
import { retainedOf } from '../support/retained-of.ts';
import { NAMES, ReplicatorFixture } from './replicator-fixture.ts';

describe('Replicator', () => {
  let fixture: ReplicatorFixture;
  let replicator: Replicator;

  beforeEach(async () => {
    fixture = await ReplicatorFixture.start();
  });

  afterEach(() => fixture.stop());

  it('replicates messages from each broker to the other', async () => {
    replicator = await fixture.replicate();
    await fixture.expectReplication('t');
  });

  it('reports the state of each link', async () => {
    await fixture.brokers[1]?.stop();
    replicator = fixture.create();
    replicator.start();
    await eventually(() => expect(fixture.states).to.deep.equal({ oslo: 'ready', paris: 'unreachable' }));
    await fixture.brokers[1]?.start();
    await replicator.answered(10_000);
    expect(fixture.states['paris']).to.equal('ready');
  });

  it('restarts each actor whose thread was killed, and disturbs no other', async () => {
    replicator = await fixture.replicate();
    await fixture.expectReplication('before');
    const crashed = new Set<string>();
    for (const [index, thread] of [...fixture.threads].entries()) {
      const [before, said] = [fixture.losses, fixture.log.length];
      await thread.terminate();
      const line = () => fixture.log.slice(said).find(one => one.includes('crashed; restarting it'));
      await eventually(() => expect(line()).to.match(/^error /));
      const name = line()?.match(/^error (.+) crashed/)?.[1] ?? '';
      crashed.add(name);
      await eventually(() =>
        expect(new Set(Object.values(fixture.states))).to.deep.equal(new Set(['ready'])),
      );
      await fixture.expectReplication(`after-${index}`);
      const expected = NAMES.map((broker, at) => {
        const disturbed = name === broker || name === 'the reconciler';
        return (before[at] ?? 0) + (disturbed ? 1 : 0);
      });
      expect(fixture.losses, `connections lost when ${name} crashed`).to.deep.equal(expected);
    }
    expect(crashed).to.deep.equal(new Set(['the reconciler', 'oslo', 'paris']));
  });

  it('is alive while every actor responds', async () => {
    replicator = await fixture.replicate();
    expect(await replicator.isAlive(10_000)).to.equal(true);
    for (const thread of [...fixture.threads]) {
      const said = fixture.log.length;
      await thread.terminate();
      expect(await replicator.isAlive(50)).to.equal(false);
      await eventually(() => expect(fixture.log.slice(said).join()).to.contain('crashed'));
      await eventually(async () => expect(await replicator.isAlive(1_000)).to.equal(true), {
        within: 10_000,
      });
    }
  });

  it('replicates what was written while an actor was down', async () => {
    replicator = await fixture.replicate();
    await fixture.expectReplication('before');
    for (const thread of [...fixture.threads]) {
      const said = fixture.log.length;
      await thread.terminate();
      await fixture.client(0).publish('t', `at ${said}`, { retain: true });
      await fixture
        .client(1)
        .waitFor(({ topic, payload }) => topic === 't' && payload === `at ${said}`, 10_000);
    }
    await expectEqualBrokers(fixture.brokers.map(({ url }) => url));
  });

  it('parks a broker whose actor crashes too often, says why, and goes on with the others', async () => {
    // Without fake timers the waits between the restarts add up to half a minute.
    const clock = sinon
      .createSandbox()
      .useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldClearNativeTimers: true });
    try {
      const config = fixture.configured();
      const [oslo, ...others] = config.brokers;
      if (oslo === undefined) throw new Error('no broker is configured');
      replicator = fixture.create(
        { ...config, brokers: [{ ...oslo, url: 'no url' }, ...others] },
        message => {
          if (message.includes('crashed; restarting it')) setImmediate(() => clock.tick(10_000));
        },
      );
      replicator.start();
      await eventually(() => expect(fixture.states).to.deep.equal({ oslo: 'parked', paris: 'ready' }), {
        within: 20_000,
      });
      expect(fixture.log.filter(line => line.startsWith('error oslo crashed'))).to.have.lengthOf(MAX_CRASHES);
      expect(fixture.log.find(line => line.startsWith('error oslo is parked'))).to.match(
        /too many crashes within a minute; the last one: .+; restarting it in 10 min, the other brokers go on/,
      );
      expect(replicator.links.get('oslo')?.detail).to.match(/^too many crashes within a minute/);
      expect(await replicator.isAlive(10_000)).to.equal(true);
      await fixture.client(1).publish('t', 'x', { retain: true });
      const before = replicator.links.get('oslo')?.restarts;
      clock.tick(10 * 60_000);
      expect(replicator.links.get('oslo')?.restarts).to.equal((before ?? 0) + 1);
    } finally {
      clock.restore();
    }
    expect(replicator.isStopping).to.equal(false);
  });

  it('gives up after too many crashes of the reconciler, and says why', async () => {
    const clock = sinon
      .createSandbox()
      .useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldClearNativeTimers: true });
    try {
      const config = fixture.configured();
      // The reconciler throws at its start: null is no comparator.
      const topics = config.topics.map(topic => ({ ...topic, merge: [null] as unknown as MergeChain }));
      replicator = fixture.create({ ...config, topics }, message => {
        if (message.startsWith('the reconciler crashed')) setImmediate(() => clock.tick(10_000));
      });
      replicator.start();
      expect(await replicator.ended).to.match(
        /^too many crashes of the reconciler within a minute; the last one: /,
      );
    } finally {
      clock.restore();
    }
    expect(fixture.log.filter(line => line.startsWith('error the reconciler crashed'))).to.have.lengthOf(
      MAX_CRASHES,
    );
    expect(fixture.log.at(-1)).to.match(/^error too many crashes of the reconciler/);
  });

  it('sends what it took in before it stops, and stops quickly', async () => {
    // The next tick is so far away that all messages wait for the one at the stop.
    replicator = await fixture.replicate({ MQTTREP_MERGE_FREQUENCY: '0.01' });
    for (let index = 0; index < 100; index++)
      await fixture.client(0).publish(`t${index}`, 'x', { retain: true });
    // Aedes may acknowledge a message before it delivers it. The last message to us shows that it has delivered all.
    await fixture.client(0).waitFor(({ topic }) => topic === 't99');
    await fixture.client(0).publish('last', 'x', { retain: true });
    await fixture.client(0).waitFor(({ topic }) => topic === 'last');
    const begin = performance.now();
    await replicator.stop();
    expect(performance.now() - begin).to.be.below(6_000);
    expect(await replicator.ended).to.equal(undefined);
    expect(fixture.log.filter(line => /^(error|warn)/.test(line))).to.deep.equal([]);
    const at = await retainedOf(fixture.brokers[1]?.url ?? '', 't99');
    expect([...at]).to.deep.equal([['t99', 'x']]);
    await eventually(() => expect(fixture.losses).to.deep.equal([1, 1]));
  });

  it('stops at once if it was never started', async () => {
    replicator = fixture.create();
    await replicator.stop();
    expect(await replicator.ended).to.equal(undefined);
  });

  it('stops quickly while a broker is unreachable', async () => {
    await fixture.brokers[1]?.stop();
    replicator = fixture.create();
    replicator.start();
    await eventually(() => expect(fixture.states['oslo']).to.equal('ready'));
    const begin = performance.now();
    await replicator.stop();
    expect(performance.now() - begin).to.be.below(6_000);
    await fixture.brokers[1]?.start();
  });
});
