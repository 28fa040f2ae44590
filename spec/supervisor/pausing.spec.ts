/** A person pauses a broker and resumes it, with real threads and real connections. */

import { expect } from 'chai';
import type { Replicator } from '../../lib/supervisor/replicator.ts';
import { expectEqualBrokers } from '../support/equal.ts';
import { eventually } from '../support/eventually.ts';
import { ReplicatorFixture } from './replicator-fixture.ts';

describe('A paused broker', () => {
  let fixture: ReplicatorFixture;
  let replicator: Replicator;

  beforeEach(async () => {
    fixture = await ReplicatorFixture.start();
    replicator = await fixture.replicate();
    await fixture.expectReplication('before');
  });

  afterEach(() => fixture.stop());

  it('is disconnected, does not count as dead, and gets what was written meanwhile when it is resumed', async () => {
    expect(await replicator.pause('paris')).to.equal(true);
    expect(fixture.states).to.deep.equal({ oslo: 'ready', paris: 'paused' });
    await fixture.client(0).publish('t', 'for paris', { retain: true });
    await fixture.client(1).publish('u', 'for oslo', { retain: true });
    await eventually(async () => {
      const { links } = await replicator.askReconciler({ kind: 'measures', conflictsAfter: 0 }, 5_000);
      expect(links.find(({ name }) => name === 'paris')?.behind).to.equal(1);
    });
    expect(await replicator.isAlive(5_000)).to.equal(true);
    expect(replicator.resume('paris')).to.equal(true);
    await eventually(() => expect(fixture.states).to.deep.equal({ oslo: 'ready', paris: 'ready' }));
    await fixture.client(1).waitFor(({ topic, payload }) => topic === 't' && payload === 'for paris', 10_000);
    await fixture.client(0).waitFor(({ topic, payload }) => topic === 'u' && payload === 'for oslo', 10_000);
    await expectEqualBrokers(fixture.brokers.map(({ url }) => url));
  });

  it('stays paused when the configuration is read again', async () => {
    await replicator.pause('paris');
    await replicator.reconfigure(fixture.configured());
    expect(fixture.states).to.deep.equal({ oslo: 'ready', paris: 'paused' });
    replicator.resume('paris');
    await fixture.expectReplication('after');
  });

  it('can be resumed before it has been disconnected', async () => {
    const paused = replicator.pause('paris');
    replicator.resume('paris');
    await paused;
    await eventually(() => expect(fixture.states['paris']).to.equal('ready'));
    await fixture.expectReplication('after');
  });

  it('is told apart from a name that no broker has', async () => {
    expect(await replicator.pause('lima')).to.equal(false);
    expect(replicator.resume('lima')).to.equal(false);
    expect(replicator.resume('paris'), 'not paused').to.equal(true);
  });

  it('keeps the warnings and errors of each broker, without its name', async () => {
    await fixture.brokers[1]?.stop();
    await eventually(() =>
      expect(replicator.links.get('paris')?.problems[0]?.text).to.match(
        /^(connection lost|cannot connect) \(/,
      ),
    );
    expect(replicator.links.get('oslo')?.problems).to.deep.equal([]);
  });
});
