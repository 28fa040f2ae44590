/** The broker actor between a real broker and a real port: what happens in one session is told in order. */

import { expect } from 'chai';
import { publishMany } from '../support/publish-many.ts';
import { retainedOf } from '../support/retained-of.ts';
import { atEachMake } from './at-each-make.ts';

atEachMake('BrokerActor', at => {
  it('reports the session, then the replayed messages, then the end of the replay', async () => {
    await at.client.publish('t', 'retained', { retain: true });
    await at.client.publish('u', 'retained', { retain: true });
    const fixture = await at.connected();
    expect(fixture.kinds).to.deep.equal(['session-started', 'observation', 'observation', 'caught-up']);
    const stamps = at.make.protocolVersion === 5;
    expect(fixture.told[0]).to.deep.equal({
      kind: 'session-started',
      session: 1,
      stamps,
      retainsMessages: true,
      writesControlTopics: true,
      marker: 'absent',
    });
    for (const observation of fixture.observations()) {
      expect(observation).to.include({ payload: 'retained', retained: true, replay: true, own: false });
    }
  });

  it('reports live messages as live, in their order', async () => {
    const fixture = await at.connected();
    for (let index = 0; index < 500; index++) void at.client.publish('t', String(index), { retain: true });
    await fixture.heard(told => told.kind === 'observation' && told.payload === '499');
    const observations = fixture.observations();
    expect(observations.map(({ payload }) => Number(payload))).to.deep.equal(
      Array.from({ length: 500 }, (_, index) => index),
    );
    const retained = at.make.protocolVersion === 5 ? true : undefined;
    for (const one of observations) expect(one).to.include({ replay: false, retained });
  });

  it('is shown more messages than brokers replay at a higher QoS', async () => {
    await publishMany(at.broker.url, 3_000);
    const fixture = await at.connected({ subscriptions: [{ filter: '#', qos: 2 }] });
    const topics = new Set(fixture.observations().map(({ topic }) => topic));
    expect(topics).to.have.property('size', 3_000);
  });

  it('publishes, reports the result, and observes its own echo', async () => {
    const fixture = await at.connected();
    const version = { time: 1_767_225_600_000, counter: 3, replica: 'us' };
    fixture.publish(
      1,
      { topic: 't', payload: 'ours', version, hasNoEcho: true },
      { topic: 'u', retain: false },
    );
    await fixture.heard(told => told.kind === 'publish-results' && told.completedUpTo === 2);
    const echo = await fixture.heard(told => told.kind === 'observation' && told.topic === 't');
    const stamped =
      at.make.protocolVersion === 5 ? { stamp: version, own: true } : { stamp: undefined, own: false };
    expect(echo).to.deep.include({ payload: 'ours', replay: false, ...stamped });
    // In one message, or in two.
    const results = fixture.told.filter(told => told.kind === 'publish-results');
    const bytes = 'tours'.length + 'ux'.length;
    expect(results.reduce((sum, one) => sum + one.bytes, 0)).to.equal(bytes);
    expect(results.flatMap(({ acknowledged }) => acknowledged)).to.deep.equal([{ topic: 't', version }]);
    expect(Object.fromEntries(await retainedOf(at.broker.url))).to.deep.equal({ t: 'ours' });
  });

  it('ignores publications for another session', async () => {
    const fixture = await at.connected();
    fixture.publish(7, { topic: 'void' });
    fixture.publish(1, { topic: 'valid' });
    await fixture.heard(told => told.kind === 'observation' && told.topic === 'valid');
    expect(fixture.observations().map(({ topic }) => topic)).to.deep.equal(['valid']);
  });

  it('answers probes', async () => {
    await at.client.publish('present', 'here', { retain: true });
    const fixture = await at.connected();
    fixture.tell({ kind: 'probe', session: 1, priority: 'urgent', topics: ['present', 'never'] });
    await fixture.heard(
      told => told.kind === 'probe-answers' && told.answers.some(({ topic }) => topic === 'never'),
    );
    const answers = fixture.told.flatMap(told => (told.kind === 'probe-answers' ? told.answers : []));
    expect(
      Object.fromEntries(
        answers.map(({ topic, held }) => [topic, typeof held === 'object' ? held.payload : held]),
      ),
    ).to.deep.equal({
      present: 'here',
      never: 'absent',
    });
  });
});
