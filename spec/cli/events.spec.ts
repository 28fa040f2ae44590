/** Event topics between real brokers: every message arrives at all other brokers, once and in order. */

import { expect } from 'chai';
import { TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { Link } from '../support/link.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { arrived, eventEnvironment, eventStatus, flowing, give, numbered } from './event-fixture.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience } from './replication-fixture.ts';

/** By default mosquitto keeps 100 messages of an absent client. */
const UNLIMITED = ['max_queued_messages 0'];

describe('Event topics', function () {
  this.timeout(12 * patience);

  const fixtures = fixtureHooks();

  for (const [version, protocolVersion] of [
    ['MQTT 5', 5],
    ['MQTT 3.1.1', 4],
  ] as const) {
    const configs = { OSLO: { protocolVersion }, PARIS: { protocolVersion }, ROME: { protocolVersion } };

    it(`carry each message to all other brokers, once and in order, equal ones too (${version})`, async () => {
      const { environment, port } = await eventEnvironment();
      const fixture = await fixtures.start({
        brokers: await mosquittos(['OSLO', 'PARIS', 'ROME']),
        configs,
        environment,
      });
      await flowing(port, fixture.sites);
      await fixture.watchAll();
      const toggles = ['TOGGLE', 'TOGGLE', 'ON', 'ON', 'TOGGLE'];
      await give(fixture, 'OSLO', 'cmd/lamp', toggles);
      await give(fixture, 'PARIS', 'cmd/heating', numbered('step', 20));
      for (const site of fixture.sites) {
        await arrived(fixture, site, 'cmd/lamp', toggles);
        await arrived(fixture, site, 'cmd/heating', numbered('step', 20));
      }
      await fixture.settled();
      await arrived(fixture, 'OSLO', 'cmd/lamp', toggles);
    });

    it(`arrive after a cut, once and in order (${version})`, async () => {
      const brokers = await mosquittos(['OSLO', 'PARIS', 'ROME'], { config: UNLIMITED });
      const link = await Link.to(brokers.PARIS.port);
      const { environment, port } = await eventEnvironment();
      const fixture = await fixtures.start({ brokers, configs, links: { PARIS: link }, environment });
      await flowing(port, fixture.sites);
      await fixture.watchAll();
      link.cut();
      await give(fixture, 'OSLO', 'cmd/a', numbered('oslo', 30));
      await give(fixture, 'PARIS', 'cmd/b', numbered('paris', 30));
      await arrived(fixture, 'ROME', 'cmd/a', numbered('oslo', 30));
      expect(await fixture.seen('PARIS', 'cmd/a')).to.deep.equal([]);
      await eventually(async () => expect((await eventStatus(port, 'PARIS')).queued).to.equal(30));
      link.heal();
      await arrived(fixture, 'PARIS', 'cmd/a', numbered('oslo', 30));
      for (const site of fixture.sites) await arrived(fixture, site, 'cmd/b', numbered('paris', 30));
    });

    it(`arrive after a SIGKILL of mqttrep, with what was written meanwhile (${version})`, async () => {
      const { environment, port } = await eventEnvironment();
      const fixture = await fixtures.start({
        brokers: await mosquittos(['OSLO', 'PARIS'], { config: UNLIMITED }),
        configs: { OSLO: { protocolVersion }, PARIS: { protocolVersion } },
        environment,
      });
      await flowing(port, fixture.sites);
      await fixture.watchAll();
      await give(fixture, 'OSLO', 'cmd/a', numbered('oslo', 20));
      await fixture.mqttrep.stop('SIGKILL');
      const all = numbered('oslo', 40);
      await give(fixture, 'OSLO', 'cmd/a', all.slice(20));
      fixture.run();
      await flowing(port, fixture.sites);
      for (const site of fixture.sites) await arrived(fixture, site, 'cmd/a', all);
    });
  }

  it('arrive at a broker that was away and has kept its sessions', async () => {
    const persistence = tempFolder('persistence');
    const brokers = {
      OSLO: await startMosquitto(),
      PARIS: await startMosquitto({ persistence, config: UNLIMITED }),
    };
    const { environment, port } = await eventEnvironment();
    const fixture = await fixtures.start({ brokers, environment });
    await flowing(port, fixture.sites);
    const oslo = await fixture.client('OSLO');
    await brokers.PARIS.stop();
    for (const payload of numbered('oslo', 10)) await oslo.publish('cmd/a', payload);
    await brokers.PARIS.start();
    await arrived(fixture, 'OSLO', 'cmd/a', []);
    await fixture.watch('PARIS');
    await arrived(fixture, 'PARIS', 'cmd/a', numbered('oslo', 10));
  });

  it('inside a state filter are delivered as events, and the rest of the filter stays state', async () => {
    const { environment, port } = await eventEnvironment();
    const fixture = await fixtures.start({ brokers: await mosquittos(['OSLO', 'PARIS']), environment });
    await flowing(port, fixture.sites);
    await fixture.watchAll();
    await fixture.publish('OSLO', 'status/lamp', 'on', { retain: true });
    await give(fixture, 'OSLO', 'cmd/lamp', ['ON', 'ON']);
    await arrived(fixture, 'PARIS', 'cmd/lamp', ['ON', 'ON']);
    await fixture.retainedEverywhere('status/lamp', 'on');
    await fixture.settled();
    await arrived(fixture, 'PARIS', 'cmd/lamp', ['ON', 'ON']);
    await arrived(fixture, 'OSLO', 'cmd/lamp', ['ON', 'ON']);
    await eventually(async () => expect((await eventStatus(port, 'OSLO')).received).to.equal(2));
  });

  it('around a state filter leave its topics to state replication', async () => {
    const { environment, port } = await eventEnvironment({
      MQTTREP_TOPIC_all: '#',
      MQTTREP_MODE_all: 'event',
      MQTTREP_TOPIC_cmd: 'status/#',
      MQTTREP_MODE_cmd: 'state',
    });
    const fixture = await fixtures.start({ brokers: await mosquittos(['OSLO', 'PARIS']), environment });
    await flowing(port, fixture.sites);
    await fixture.watchAll();
    await fixture.publish('OSLO', 'status/lamp', 'on', { retain: true });
    await give(fixture, 'OSLO', 'any/lamp', ['ON', 'ON']);
    await arrived(fixture, 'PARIS', 'any/lamp', ['ON', 'ON']);
    await fixture.retainedEverywhere('status/lamp', 'on');
    await eventually(async () => expect((await eventStatus(port, 'OSLO')).received).to.equal(2));
  });

  it('keep the retain flag and the properties over MQTT 5', async () => {
    const { environment, port } = await eventEnvironment();
    const fixture = await fixtures.start({ brokers: await mosquittos(['OSLO', 'PARIS']), environment });
    await flowing(port, fixture.sites);
    await fixture.watchAll();
    const properties = { contentType: 'text/plain', responseTopic: 'answers', userProperties: { who: 'me' } };
    await fixture.publish('OSLO', 'cmd/a', 'x', { retain: true, properties });
    const copy = await fixture.copy('PARIS', 'cmd/a');
    expect(copy.retain).to.equal(true);
    expect(copy.properties).to.deep.include({ contentType: 'text/plain', responseTopic: 'answers' });
    expect(copy.properties.userProperties).to.include({ who: 'me' });
    expect(copy.properties.messageExpiryInterval).to.equal(undefined);
  });

  it('from a client that copies the user properties of a request are no echo', async () => {
    const { environment, port } = await eventEnvironment();
    const fixture = await fixtures.start({ brokers: await mosquittos(['OSLO', 'PARIS']), environment });
    await flowing(port, fixture.sites);
    await fixture.watchAll();
    await fixture.publish('OSLO', 'cmd/request', 'x');
    const { userProperties } = (await fixture.copy('PARIS', 'cmd/request')).properties;
    await fixture.publish('PARIS', 'cmd/response', 'y', {
      properties: { userProperties: { ...userProperties } },
    });
    await fixture.copy('OSLO', 'cmd/response');
  });

  it('are taken in from a client with QoS 0, and published with the QoS of the filter', async () => {
    const { environment, port } = await eventEnvironment();
    const fixture = await fixtures.start({ brokers: await mosquittos(['OSLO', 'PARIS']), environment });
    await flowing(port, fixture.sites);
    const paris = await TestClient.connect(fixture.broker('PARIS').url);
    await paris.subscribe('cmd/#');
    await fixture.publish('OSLO', 'cmd/a', 'x', { qos: 0 });
    const copy = await paris.waitFor(({ topic }) => topic === 'cmd/a', patience);
    expect(copy.qos).to.equal(1);
    await paris.end();
  });
});
