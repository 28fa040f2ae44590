/** The broker actor between a real broker and a real port: each session is told in order, and none is mixed up. */

import { expect } from 'chai';
import { TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { Link } from '../support/link.ts';
import { publishMany } from '../support/publish-many.ts';
import { retainedOf } from '../support/retained-of.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { BrokerActorFixture, type FixtureOptions, START, type Told } from './broker-actor-fixture.ts';
import { controlTopicsAt, MAKES } from './makes.ts';

/** Bytes that the sockets of both ends do not take while nobody reads. */
const _MORE_THAN_SOCKETS_HOLD = 32 * 1024 * 1024;

for (const { make, protocolVersion, start } of MAKES) {
  describe(`BrokerActor at ${make}`, () => {
    let broker: TestBroker;
    let link: Link;
    let client: TestClient;
    let fixture: BrokerActorFixture;

    beforeEach(async function () {
      broker = await start(this);
      link = await Link.to(broker.port);
      client = await TestClient.connect(broker.url);
    });

    afterEach(async () => {
      // What does not stop has a test of its own; the others are to run on.
      await fixture?.stop().catch(() => undefined);
      await client?.end();
      await link?.close();
      await broker?.stop();
    });

    function connect(more: FixtureOptions = {}): void {
      // Aedes refuses MQTT 5, so there the fallback is part of each test.
      const options = make === 'Aedes' ? {} : { protocolVersion };
      fixture = new BrokerActorFixture(link.url, { ...more, options: { ...options, ...more.options } });
    }

    it('reports the session, then the replayed messages, then the end of the replay', async () => {
      await client.publish('t', 'retained', { retain: true });
      await client.publish('u', 'retained', { retain: true });
      connect();
      await fixture.replayed();
      expect(fixture.kinds).to.deep.equal(['session-started', 'observation', 'observation', 'caught-up']);
      const stamps = protocolVersion === 5;
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

    it('subscribes to other filters on the same connection, and shows everything again', async () => {
      await client.publish('a/old', 'x', { retain: true });
      await client.publish('b/old', 'x', { retain: true });
      connect({ subscriptions: [{ filter: 'a/#', qos: 1 }] });
      await fixture.replayed();
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
      await client.publish('a/new', 'x');
      await client.publish('c/new', 'x');
      await client.publish('b/new', 'x');
      await fixture.heard(told => told.kind === 'observation' && told.topic === 'b/new');
      expect(fixture.observations().map(({ topic }) => topic)).to.deep.equal([
        ...['a/old', 'b/old', 'c/new', 'b/new'],
      ]);
      expect(attempts()).to.equal(before);
    });

    it('completes the publishes in flight before it subscribes to other filters', async () => {
      connect();
      await fixture.replayed();
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

    it('reports live messages as live, in their order', async () => {
      connect();
      await fixture.replayed();
      for (let index = 0; index < 500; index++) void client.publish('t', String(index), { retain: true });
      await fixture.heard(told => told.kind === 'observation' && told.payload === '499');
      const observations = fixture.observations();
      expect(observations.map(({ payload }) => Number(payload))).to.deep.equal(
        Array.from({ length: 500 }, (_, index) => index),
      );
      const retained = protocolVersion === 5 ? true : undefined;
      for (const one of observations) expect(one).to.include({ replay: false, retained });
    });

    it('is shown more messages than brokers replay at a higher QoS', async () => {
      await publishMany(broker.url, 3_000);
      connect({ subscriptions: [{ filter: '#', qos: 2 }] });
      await fixture.replayed();
      const topics = new Set(fixture.observations().map(({ topic }) => topic));
      expect(topics).to.have.property('size', 3_000);
    });

    it('publishes, reports the result, and observes its own echo', async () => {
      connect();
      await fixture.replayed();
      const version = { time: 1_767_225_600_000, counter: 3, replica: 'us' };
      fixture.publish(
        1,
        { topic: 't', payload: 'ours', version, hasNoEcho: true },
        { topic: 'u', retain: false },
      );
      await fixture.heard(told => told.kind === 'publish-results' && told.completedUpTo === 2);
      const echo = await fixture.heard(told => told.kind === 'observation' && told.topic === 't');
      const stamped =
        protocolVersion === 5 ? { stamp: version, own: true } : { stamp: undefined, own: false };
      expect(echo).to.deep.include({ payload: 'ours', replay: false, ...stamped });
      // In one message, or in two.
      const results = fixture.told.filter(told => told.kind === 'publish-results');
      const bytes = 'tours'.length + 'ux'.length;
      expect(results.reduce((sum, one) => sum + one.bytes, 0)).to.equal(bytes);
      expect(results.flatMap(({ acknowledged }) => acknowledged)).to.deep.equal([{ topic: 't', version }]);
      expect(Object.fromEntries(await retainedOf(broker.url))).to.deep.equal({ t: 'ours' });
    });

    it('ignores publications for another session', async () => {
      connect();
      await fixture.replayed();
      fixture.publish(7, { topic: 'void' });
      fixture.publish(1, { topic: 'valid' });
      await fixture.heard(told => told.kind === 'observation' && told.topic === 'valid');
      expect(fixture.observations().map(({ topic }) => topic)).to.deep.equal(['valid']);
    });

    it('answers probes', async () => {
      await client.publish('present', 'here', { retain: true });
      connect();
      await fixture.replayed();
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

    it('reconnects after the network was cut, with a new session that shows everything', async () => {
      await client.publish('t', '1', { retain: true });
      connect();
      await fixture.replayed();
      link.cut();
      await fixture.heard(told => told.kind === 'disconnected');
      await client.publish('t', '2', { retain: true });
      await client.publish('u', '3', { retain: true });
      link.heal();
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

    // Enough messages that the cut is not too late; Aedes needs a millisecond for each that it cannot deliver.
    const long = make === 'Aedes' ? 500 : 20_000;

    it('reconnects after the network was cut during a replay', async () => {
      await publishMany(broker.url, long);
      connect();
      await fixture.heard(told => told.kind === 'observation');
      link.cut();
      await fixture.heard(told => told.kind === 'disconnected');
      link.heal();
      await fixture.replayed();
      expect(fixture.kinds.filter(kind => kind !== 'observation')).to.deep.equal([
        'session-started',
        'disconnected',
        'session-started',
        'caught-up',
      ]);
    });

    it('stops during a replay', async () => {
      await publishMany(broker.url, long);
      connect();
      await fixture.heard(told => told.kind === 'observation');
      await fixture.stop();
      expect(fixture.kinds.at(-1)).to.equal('disconnected');
    });

    it('reads the marker in the session after a cut', async () => {
      await client.publish('mqttrep/us/marker/oslo', '17', { retain: true });
      connect();
      await fixture.replayed();
      link.cut();
      await fixture.heard(told => told.kind === 'disconnected');
      link.heal();
      const second = await fixture.heard(told => told.kind === 'session-started' && told.session === 2);
      expect(second).to.deep.include({ marker: { payload: '17' } });
      await client.deleteRetained('mqttrep/us/marker/oslo');
    });

    it('connects when the broker starts later', async () => {
      await client.end();
      await broker.stop();
      connect();
      await fixture.reported(report => report.kind === 'link' && report.state === 'unreachable');
      await broker.start();
      await fixture.replayed();
    });

    it('shows everything again to a new reconciler', async () => {
      await client.publish('t', '1', { retain: true });
      connect();
      await fixture.replayed();
      fixture.told.length = 0;
      fixture.attach();
      await fixture.replayed();
      expect(fixture.observations().map(({ topic, payload }) => `${topic}=${payload}`)).to.deep.equal([
        't=1',
      ]);
    });

    it('reconnects under another identity once it is told one, and shows everything again', async () => {
      await client.publish('t', '1', { retain: true });
      connect();
      await fixture.replayed();
      fixture.tell({ ...START, replica: 'others' });
      await fixture.replayed(2);
      expect(fixture.told.map(({ kind }) => kind).filter(kind => kind === 'disconnected')).to.have.lengthOf(
        1,
      );
      expect(fixture.observations().map(({ topic, payload }) => `${topic}=${payload}`)).to.deep.equal([
        't=1',
        't=1',
      ]);
    });

    it('stops receiving when it is told to, and reports it', async () => {
      connect();
      await fixture.replayed();
      await client.publish('t', 'before');
      await fixture.actor.quiesce();
      await fixture.reported(report => report.kind === 'quiesced');
      await client.publish('t', 'after');
      fixture.publish(1, { topic: 'u', hasNoEcho: true });
      await fixture.heard(told => told.kind === 'publish-results' && told.completedUpTo === 1);
      await fixture.heard(told => told.kind === 'observation');
      expect(fixture.observations().map(({ payload }) => payload)).to.deep.equal(['before']);
    });

    it('leaves no control topic at the broker', async () => {
      connect();
      await fixture.replayed();
      fixture.tell({ kind: 'probe', session: 1, priority: 'urgent', topics: ['t'] });
      await fixture.heard(told => told.kind === 'probe-answers');
      await fixture.stop();
      await eventually(async () => expect(await controlTopicsAt(broker.url)).to.deep.equal([]));
    });

    it('stops at once, whether it is connected or not', async () => {
      connect();
      await fixture.stop();
      connect();
      await fixture.replayed();
      const begin = performance.now();
      await fixture.stop();
      expect(performance.now() - begin).to.be.below(4_000);
      expect(fixture.kinds.at(-1)).to.equal('disconnected');
    });
  });
}
