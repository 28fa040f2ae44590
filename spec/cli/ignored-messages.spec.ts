/** Messages that the configuration leaves out are counted, and hold up nothing. */

import { expect } from 'chai';
import type { Status } from '../../lib/status/api.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { arrived, eventEnvironment, flowing, give, numbered } from './event-fixture.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience } from './replication-fixture.ts';

describe('A message that the configuration leaves out', function () {
  this.timeout(8 * patience);
  const fixtures = fixtureHooks();

  const ignoredAt = async (port: number, site: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/status`);
    const { brokers } = (await response.json()) as Status;
    return brokers.find(({ name }) => name === site)?.ignored;
  };

  it('is counted if its topic is excluded', async () => {
    const port = await freePort();
    const fixture = await fixtures.start({
      brokers: await mosquittos(['OSLO', 'PARIS']),
      environment: { MQTTREP_TOPIC_all: '#', MQTTREP_EXCLUDE_a: 'secret/#', MQTTREP_HTTP: String(port) },
    });
    await fixture.publish('OSLO', 'secret/key', 'a');
    await fixture.publish('OSLO', 'secret/key', 'b', { retain: true });
    await fixture.publish('OSLO', 'home/door', 'open', { retain: true });
    await fixture.retainedEverywhere('home/door', 'open');
    await eventually(async () => expect(await ignoredAt(port, 'OSLO')).to.deep.equal({ excluded: 2 }));
    expect(await ignoredAt(port, 'PARIS')).to.deep.equal({});
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).to.contain('mqttrep_messages_ignored_total{broker="OSLO",reason="excluded"} 2');
  });

  it('is counted if no topic has its name at the broker', async () => {
    const port = await freePort();
    const fixture = await fixtures.start({
      brokers: await mosquittos(['OSLO', 'PARIS']),
      environment: {
        MQTTREP_TOPIC_all: 'home/+/temp',
        MQTTREP_MAP_a: 'home/+/temp -> site/room-$1/t',
        MQTTREP_MAP_BROKERS_a: 'OSLO',
        MQTTREP_HTTP: String(port),
      },
    });
    await fixture.publish('OSLO', 'site/hall-1/t', 'a');
    await fixture.publish('OSLO', 'site/room-1/t', '21', { retain: true });
    await fixture.retainedAt(['PARIS'], 'home/1/temp', '21');
    await eventually(async () => expect(await ignoredAt(port, 'OSLO')).to.deep.equal({ unmapped: 1 }));
  });

  it('is acknowledged on the event connection, so that later events arrive', async () => {
    const { environment, port } = await eventEnvironment({ MQTTREP_EXCLUDE_a: 'cmd/secret/#' });
    const fixture = await fixtures.start({
      brokers: await mosquittos(['OSLO', 'PARIS'], { config: ['max_inflight_messages 5'] }),
      // Over MQTT 5 the window would be that of mqttrep, which is larger.
      configs: { OSLO: { protocolVersion: 4 } },
      environment,
    });
    await flowing(port, fixture.sites);
    await fixture.watchAll();
    await give(fixture, 'OSLO', 'cmd/secret/key', numbered('secret', 40));
    await give(fixture, 'OSLO', 'cmd/lamp', numbered('step', 10));
    await give(fixture, 'OSLO', 'cmd/secret/key', numbered('secret', 40));
    await give(fixture, 'OSLO', 'cmd/door', numbered('step', 10));
    await arrived(fixture, 'PARIS', 'cmd/lamp', numbered('step', 10));
    await arrived(fixture, 'PARIS', 'cmd/door', numbered('step', 10));
    expect(await fixture.seen('PARIS', 'cmd/secret/key')).to.deep.equal([]);
    expect((await ignoredAt(port, 'OSLO'))?.['excluded']).to.be.at.least(80);
  });
});
