/** A replicator that has ended can be started again; nothing of the run before is left. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Replicator } from '../../lib/supervisor/replicator.ts';
import { eventually } from '../support/eventually.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { ReplicatorFixture } from './replicator-fixture.ts';

describe('A replicator that has ended', () => {
  let fixture: ReplicatorFixture;
  let replicator: Replicator;

  beforeEach(async () => {
    fixture = await ReplicatorFixture.start();
  });

  afterEach(() => fixture.stop());

  it('starts again and replicates, and nothing of the run before is left', async () => {
    const resources = () => process.getActiveResourcesInfo().filter(name => /MessagePort|Worker/.test(name));
    const before = resources();
    replicator = await fixture.replicate();
    await fixture.expectReplication('first');
    expect(resources()).not.to.deep.equal(before);
    const { ended } = replicator;
    await replicator.stop();
    expect(await ended).to.equal(undefined);
    expect(replicator.isStopping).to.equal(true);
    // Nothing runs while it has ended, and a request fails at once.
    expect(fixture.threads.map(({ threadId }) => threadId)).to.deep.equal(fixture.threads.map(() => -1));
    expect(resources()).to.deep.equal(before);
    expect(await replicator.isAlive(10_000)).to.equal(false);
    await eventually(() => expect(fixture.losses).to.deep.equal([1, 1]));

    await fixture.client(0).publish('between', 'x', { retain: true });
    replicator.start();
    expect(replicator.isStopping).to.equal(false);
    await replicator.answered(10_000);
    expect(fixture.states).to.deep.equal({ oslo: 'ready', paris: 'ready' });
    expect(await replicator.isAlive(10_000)).to.equal(true);
    await fixture.client(1).waitFor(({ topic, payload }) => topic === 'between' && payload === 'x', 10_000);
    await fixture.expectReplication('second');
    expect(replicator.links.get('oslo')).to.include({ actors: 2, reconnects: 1, restarts: 0 });
    expect(replicator.reconcilerActors).to.equal(2);
    // One connection of mqttrep to each broker: that of the second run.
    expect(fixture.losses).to.deep.equal([1, 1]);

    await replicator.stop();
    expect(await replicator.ended).to.equal(undefined);
    expect(resources()).to.deep.equal(before);
    await eventually(() => expect(fixture.losses).to.deep.equal([2, 2]));
    expect(fixture.log.filter(line => /^(error|warn)/.test(line))).to.deep.equal([]);
  });

  it('starts again from its store, and deletes what a client deleted in between', async () => {
    const folder = tempFolder('restart');
    replicator = await fixture.replicate({ MQTTREP_STORE: folder });
    await fixture.expectReplication('t');
    await replicator.stop();
    await fixture.client(0).publish('t/0', '', { retain: true });
    replicator.start();
    await replicator.answered(10_000);
    await fixture.client(1).waitFor(({ topic, payload }) => topic === 't/0' && payload === '', 10_000);
    await fixture.expectReplication('u');
    expect(fixture.log.filter(line => line.startsWith('error'))).to.deep.equal([]);
  });

  it('starts again after it gave up, with the configuration that it was given meanwhile', async () => {
    const folder = tempFolder('unknown-store');
    writeFileSync(join(folder, 'state-1.log'), 'a file of another program');
    replicator = fixture.create(fixture.configured({ MQTTREP_STORE: folder }));
    replicator.start();
    expect(await replicator.ended).to.be.a('string');
    expect(replicator.isMisconfigured).to.equal(true);
    await replicator.reconfigure({ ...fixture.configured(), store: { kind: 'memory' }, mergeFrequency: 20 });
    replicator.start();
    expect(replicator.mergeFrequency).to.equal(20);
    expect(replicator.isMisconfigured).to.equal(false);
    await replicator.answered(10_000);
    await fixture.expectReplication('t');
  });

  it('leaves no request pending at the stop', async () => {
    replicator = await fixture.replicate();
    const requests = Array.from({ length: 20 }, () =>
      replicator.askReconciler({ kind: 'topic', topic: 't' }, 60_000),
    );
    const outcomes = Promise.allSettled(requests);
    await replicator.stop();
    expect(await outcomes).to.have.lengthOf(20);
  });

  it('cannot be started while it runs or stops', async () => {
    replicator = await fixture.replicate();
    expect(() => replicator.start()).to.throw('runs already');
    const stopped = replicator.stop();
    expect(() => replicator.start()).to.throw('still stopping');
    await stopped;
  });
});
