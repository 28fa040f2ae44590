/** The broker actor stops at any time, at once, and leaves nothing behind. */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { publishMany } from '../support/publish-many.ts';
import { atEachMake } from './at-each-make.ts';
import { controlTopicsAt } from './makes.ts';

atEachMake('BrokerActor', at => {
  it('stops during a replay', async () => {
    await publishMany(at.broker.url, at.longReplay);
    const fixture = at.connect();
    await fixture.heard(told => told.kind === 'observation');
    await fixture.stop();
    expect(fixture.kinds.at(-1)).to.equal('disconnected');
  });

  it('stops receiving when it is told to, and reports it', async () => {
    const fixture = await at.connected();
    await at.client.publish('t', 'before');
    await fixture.actor.quiesce();
    await fixture.reported(report => report.kind === 'quiesced');
    await at.client.publish('t', 'after');
    fixture.publish(1, { topic: 'u', hasNoEcho: true });
    await fixture.heard(told => told.kind === 'publish-results' && told.completedUpTo === 1);
    await fixture.heard(told => told.kind === 'observation');
    expect(fixture.observations().map(({ payload }) => payload)).to.deep.equal(['before']);
  });

  it('leaves no control topic at the broker', async () => {
    const fixture = await at.connected();
    fixture.tell({ kind: 'probe', session: 1, priority: 'urgent', topics: ['t'] });
    await fixture.heard(told => told.kind === 'probe-answers');
    await fixture.stop();
    await eventually(async () => expect(await controlTopicsAt(at.broker.url)).to.deep.equal([]));
  });

  it('stops at once, whether it is connected or not', async () => {
    await at.connect().stop();
    const fixture = await at.connected();
    const begin = performance.now();
    await fixture.stop();
    expect(performance.now() - begin).to.be.below(4_000);
    expect(fixture.kinds.at(-1)).to.equal('disconnected');
  });
});
