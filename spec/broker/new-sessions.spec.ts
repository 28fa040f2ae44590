/** After each interruption a new session shows everything again, and none is mixed up with another. */

import { expect } from 'chai';
import { publishMany } from '../support/publish-many.ts';
import { atEachMake } from './at-each-make.ts';
import { START, type Told } from './broker-actor-fixture.ts';

atEachMake('BrokerActor', at => {
  it('subscribes to other filters on the same connection, and shows everything again', async () => {
    await at.client.publish('a/old', 'x', { retain: true });
    await at.client.publish('b/old', 'x', { retain: true });
    const fixture = await at.connected({ subscriptions: [{ filter: 'a/#', qos: 1 }] });
    const attempts = () =>
      fixture.reports.filter(one => one.kind === 'link' && one.state === 'connecting').length;
    const before = attempts();
    fixture.actor.resubscribe([
      { filter: 'b/#', qos: 1 },
      { filter: 'c/#', qos: 0 },
    ]);
    await fixture.replayed(2);
    expect(fixture.kinds).to.deep.equal([
      ...['session-started', 'observation', 'caught-up'],
      ...['disconnected', 'session-started', 'observation', 'caught-up'],
    ]);
    expect(fixture.observations().map(({ topic }) => topic)).to.deep.equal(['a/old', 'b/old']);
    await at.client.publish('a/new', 'x');
    await at.client.publish('c/new', 'x');
    await at.client.publish('b/new', 'x');
    await fixture.heard(told => told.kind === 'observation' && told.topic === 'b/new');
    expect(fixture.observations().map(({ topic }) => topic)).to.deep.equal([
      ...['a/old', 'b/old', 'c/new', 'b/new'],
    ]);
    expect(attempts()).to.equal(before);
  });

  it('completes the publishes in flight before it subscribes to other filters', async () => {
    const fixture = await at.connected();
    for (let index = 0; index < 100; index++) fixture.publish(1, { topic: `t/${index}` });
    await fixture.heard(told => told.kind === 'observation');
    fixture.actor.resubscribe([{ filter: 't/#', qos: 1 }]);
    await fixture.replayed(2);
    const second = fixture.told.findIndex(told => told.kind === 'session-started' && told.session === 2);
    const shown = (told: readonly Told[]) =>
      new Set(told.flatMap(one => (one.kind === 'observation' ? [one.topic] : [])));
    // The second session shows only what the first one has stored.
    expect([...shown(fixture.told.slice(second))].sort()).to.deep.equal(
      [...shown(fixture.told.slice(0, second))].sort(),
    );
  });

  it('reconnects after the network was cut, with a new session that shows everything', async () => {
    await at.client.publish('t', '1', { retain: true });
    const fixture = await at.connected();
    at.link.cut();
    await fixture.heard(told => told.kind === 'disconnected');
    await at.client.publish('t', '2', { retain: true });
    await at.client.publish('u', '3', { retain: true });
    at.link.heal();
    await fixture.replayed(2);
    const second = fixture.told.slice(fixture.kinds.indexOf('disconnected') + 1);
    expect(second[0]).to.include({ kind: 'session-started', session: 2 });
    const shown = second.filter(told => told.kind === 'observation');
    expect(Object.fromEntries(shown.map(({ topic, payload }) => [topic, payload]))).to.deep.equal({
      t: '2',
      u: '3',
    });
    for (const one of shown) expect(one).to.include({ replay: true, retained: true });
  });

  it('reconnects after the network was cut during a replay', async () => {
    await publishMany(at.broker.url, at.longReplay);
    const fixture = at.connect();
    await fixture.heard(told => told.kind === 'observation');
    at.link.cut();
    await fixture.heard(told => told.kind === 'disconnected');
    at.link.heal();
    await fixture.replayed();
    expect(fixture.kinds.filter(kind => kind !== 'observation')).to.deep.equal([
      'session-started',
      'disconnected',
      'session-started',
      'caught-up',
    ]);
  });

  it('reads the marker in the session after a cut', async () => {
    await at.client.publish('mqttrep/us/marker/oslo', '17', { retain: true });
    const fixture = await at.connected();
    at.link.cut();
    await fixture.heard(told => told.kind === 'disconnected');
    at.link.heal();
    const second = await fixture.heard(told => told.kind === 'session-started' && told.session === 2);
    expect(second).to.deep.include({ marker: { payload: '17' } });
    await at.client.deleteRetained('mqttrep/us/marker/oslo');
  });

  it('connects when the broker starts later', async () => {
    await at.client.end();
    await at.broker.stop();
    const fixture = at.connect();
    await fixture.reported(report => report.kind === 'link' && report.state === 'unreachable');
    await at.broker.start();
    await fixture.replayed();
  });

  it('shows everything again to a new reconciler', async () => {
    await at.client.publish('t', '1', { retain: true });
    const fixture = await at.connected();
    fixture.told.length = 0;
    fixture.attach();
    await fixture.replayed();
    expect(fixture.observations().map(({ topic, payload }) => `${topic}=${payload}`)).to.deep.equal(['t=1']);
  });

  it('reconnects under another identity once it is told one, and shows everything again', async () => {
    await at.client.publish('t', '1', { retain: true });
    const fixture = await at.connected();
    fixture.tell({ ...START, replica: 'others' });
    await fixture.replayed(2);
    expect(fixture.told.map(({ kind }) => kind).filter(kind => kind === 'disconnected')).to.have.lengthOf(1);
    expect(fixture.observations().map(({ topic, payload }) => `${topic}=${payload}`)).to.deep.equal([
      't=1',
      't=1',
    ]);
  });
});
