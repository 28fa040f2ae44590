/** The topics at one broker that need attention, and what a person may do about them. */

import { expect } from 'chai';
import type { BrokerTopics } from '../../../lib/protocol/answers.ts';
import { NOW, ReconcilerFixture } from '../reconciler-fixture.ts';
import type { WorkerEnd } from '../worker-end.ts';

describe('The topics of a broker', () => {
  let fixture: ReconcilerFixture;
  let a: WorkerEnd;
  let b: WorkerEnd;

  beforeEach(async () => {
    fixture = new ReconcilerFixture();
    await fixture.start({ brokers: 2 });
    [a, b] = [fixture.end(0), fixture.end(1)];
  });

  afterEach(() => fixture.close());

  const topics = async (broker = 'B') =>
    (await fixture.reconciler.inspector.answer({ kind: 'broker-topics', broker })) as BrokerTopics | null;

  /** B refuses what was published to it. */
  async function refuse(): Promise<void> {
    const refused = b.published.splice(0).map(({ topic, version }) => ({ topic, version }));
    b.settle(refused.map(each => ({ ...each, reason: 'not authorized', scope: 'topic' })));
    await fixture.all();
  }

  async function refuseForGood(): Promise<void> {
    for (let failure = 0; failure < 3; failure++) {
      await refuse();
      if (failure === 2) return;
      fixture.clock.tick(10_000);
      await fixture.all();
    }
  }

  it('are those that it lacks, the oldest first, each with since when and why', async () => {
    await fixture.ready();
    a.observe({ topic: 't', payload: '1' });
    await fixture.tick();
    const { refused, lagging } = (await topics()) ?? {};
    expect(refused).to.deep.equal([]);
    expect(lagging).to.have.lengthOf(1);
    expect(lagging?.[0]).to.include({ topic: 't', cause: 'in flight' });
    expect(lagging?.[0]?.since).to.be.within(NOW, NOW + 100);
    expect((await topics('A'))?.lagging).to.deep.equal([]);
    expect(await topics('X')).to.equal(null);
    await refuse();
    expect((await topics())?.lagging.map(({ cause }) => cause)).to.deep.equal(['retrying']);
    b.post({ kind: 'disconnected' });
    await fixture.all();
    expect((await topics())?.lagging.map(({ cause }) => cause)).to.deep.equal(['disconnected']);
  });

  it('are those that it refuses, with the reason and the next attempt', async () => {
    await fixture.ready();
    a.observe({ topic: 't', payload: '1' });
    await fixture.tick();
    await refuseForGood();
    const { refused, lagging } = (await topics()) ?? {};
    expect(lagging).to.deep.equal([]);
    expect(refused).to.have.lengthOf(1);
    expect(refused?.[0]).to.include({ topic: 't', reason: 'not authorized', since: NOW + 100 });
    expect(refused?.[0]?.retryAt).to.be.above(Date.now());
  });

  it('are retried at once if a person asks for it, and that is told', async () => {
    await fixture.ready();
    a.observe({ topic: 't', payload: '1' });
    await fixture.tick();
    await refuseForGood();
    expect(b.published).to.deep.equal([]);
    const result = fixture.reconciler.act({ kind: 'action', broker: 'B', action: 'retry' });
    expect(result).to.deep.equal({ isBegun: true, topics: 1 });
    fixture.clock.tick(1_000);
    await fixture.all();
    expect(b.payloads).to.deep.equal(['t=1']);
    expect(fixture.reconciler.act({ kind: 'action', broker: 'X', action: 'retry' })).to.equal(null);
  });

  it('are compared if a person asks for it, though anti-entropy is off, and what the broker lost is repaired', async () => {
    await fixture.ready({ t: '1', u: '2' });
    const asked = { kind: 'action', broker: 'B', action: 'compare' } as const;
    expect(fixture.reconciler.act(asked)).to.deep.equal({ isBegun: true, topics: null });
    expect(fixture.reconciler.act(asked)).to.deep.include({ isBegun: false });
    await fixture.all();
    expect(b.messages.filter(({ kind }) => kind === 'full-scan')).to.have.lengthOf(1);
    expect((await topics())?.comparison).to.deep.equal({ begunAt: NOW, state: 'running', differing: 0 });
    // The broker shows nothing of `u` any more, and something else of `t`.
    b.scan({ t: 'other' });
    await fixture.all();
    expect((await topics())?.comparison).to.include({ state: 'complete', differing: 1 });
    fixture.clock.tick(10_000);
    await fixture.all();
    const probed = b.messages.flatMap(message => (message.kind === 'probe' ? message.topics : []));
    expect(probed).to.have.members(['t', 'u']);
  });

  it('cannot be compared or retried while the broker is away, and the answer says why', async () => {
    for (const action of ['compare', 'retry'] as const) {
      expect(fixture.reconciler.act({ kind: 'action', broker: 'B', action })).to.deep.equal({
        isBegun: false,
        reason: 'the broker is not connected',
      });
    }
  });

  it('tell that a comparison failed if the connection is lost meanwhile', async () => {
    await fixture.ready({ t: '1' });
    fixture.reconciler.act({ kind: 'action', broker: 'B', action: 'compare' });
    b.post({ kind: 'disconnected' });
    await fixture.all();
    expect((await topics())?.comparison?.state).to.equal('failed');
  });
});
