/** Brokers that already hold something when mqttrep first sees them. */

import { expect } from 'chai';
import { expectEqualBrokers } from '../support/equal.ts';
import { Link } from '../support/link.ts';
import { publishMany } from '../support/publish-many.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import {
  aedes,
  mosquittos,
  patience,
  type ReplicationFixture,
  type ReplicationFixtureOptions,
} from './replication-fixture.ts';

const conflicts = Array.from({ length: 20 }, (_, index) => `conflict/${index}`);

async function expectOneOf(fixture: ReplicationFixture, winner: string): Promise<void> {
  await expectEqualBrokers(fixture.urls, { within: patience });
  const retained = await retainedOf(fixture.urls[0] ?? '');
  for (const topic of conflicts) expect(retained.get(topic), topic).to.equal(winner);
  for (const site of fixture.sites) {
    expect(retained.get(`only/${site}`), `only/${site}`).to.equal(site);
  }
  expect(retained.get('common')).to.equal('the same');
  expect(retained.size).to.equal(conflicts.length + 1 + fixture.sites.length);
}

/** Each holds a topic of its own, one value that all have, and topics that are in conflict. */
async function filled(fixture: ReplicationFixture): Promise<void> {
  for (const site of fixture.sites) {
    const client = await fixture.client(site);
    await client.publish(`only/${site}`, site, { retain: true });
    await client.publish('common', 'the same', { retain: true });
    for (const topic of conflicts) await client.publish(topic, site, { retain: true });
    await client.end();
  }
}

const mqtt311 = { protocolVersion: 4 };

const fields: readonly {
  title: string;
  options: () => Promise<Omit<ReplicationFixtureOptions, 'environment'>>;
}[] = [
  {
    title: 'by MQTT 5',
    options: async () => ({ brokers: await mosquittos(['PARIS', 'OSLO', 'QUEBEC']) }),
  },
  {
    title: 'by MQTT 3.1.1',
    options: async () => ({
      brokers: { ...(await mosquittos(['PARIS'])), ...(await aedes(['OSLO'])) },
      configs: { PARIS: mqtt311 },
    }),
  },
];

describe('mqttrep, at first contact of brokers that hold different topics,', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  for (const { title, options } of fields) {
    it(`copies them both ways ${title}, and where they differ the name that comes first wins`, async () => {
      fixture = fixtures.create(await options());
      await filled(fixture);
      fixture.run();
      await expectOneOf(fixture, 'OSLO');
    });

    it(`lets the higher priority win ${title}`, async () => {
      const { configs, ...others } = await options();
      fixture = fixtures.create({
        ...others,
        configs: { ...configs, PARIS: { ...configs?.PARIS, priority: 1 } },
      });
      await filled(fixture);
      fixture.run();
      await expectOneOf(fixture, 'PARIS');
    });
  }

  it('says of each broker what it gets, what is overwritten and by what that is decided, and then that it is complete', async () => {
    fixture = fixtures.create({ brokers: await mosquittos(['OSLO', 'PARIS']) });
    await filled(fixture);
    const mqttrep = fixture.run();
    await mqttrep.line('first contact is complete: 23 topics equal at all brokers');
    const lines = mqttrep.stderr.split('\n').filter(line => line.includes('first contact'));
    expect(lines).to.have.length(3);
    const told = lines.join('\n');
    expect(told).to.contain('OSLO: first contact: 1 topic to copy to it, 0 to overwrite, 22 equal already');
    expect(told).to.match(
      /PARIS: first contact: 1 topic to copy to it, 20 to overwrite, 2 equal already; "conflict\/\d+": "PARIS" → "OSLO", decided by name/,
    );
  });

  it('says nothing of a first contact at the next start', async () => {
    fixture = fixtures.create({
      brokers: await mosquittos(['OSLO', 'PARIS']),
      environment: { MQTTREP_STORE: tempFolder('store') },
    });
    await filled(fixture);
    fixture.run();
    await fixture.mqttrep.line('first contact is complete');
    await fixture.mqttrep.stop();
    const again = fixture.run();
    await fixture.connected('OSLO', 'PARIS');
    await again.stop();
    expect(again.stderr).not.to.contain('first contact');
  });

  it('copies more topics than brokers replay at a higher QoS, to the last one', async () => {
    fixture = fixtures.create({ brokers: await mosquittos(['OSLO', 'PARIS']) });
    await publishMany(fixture.broker('OSLO').url, 3000);
    // A client that watches would miss some: mosquitto queues no more than 1,000 for it.
    fixture.run();
    await expectEqualBrokers(fixture.urls, { within: patience });
    expect(await retainedOf(fixture.broker('PARIS').url)).to.have.property('size', 3000);
  });

  it('prefers what a client writes meanwhile to what was there before', async () => {
    const brokers = await mosquittos(['OSLO', 'PARIS', 'QUEBEC']);
    const links = { OSLO: await Link.to(brokers.OSLO.port) };
    links.OSLO.cut();
    fixture = fixtures.create({ brokers, links, configs: { OSLO: { reconnectPeriod: 100 } } });
    await filled(fixture);
    fixture.run();
    await fixture.connected('PARIS', 'QUEBEC');
    for (const topic of conflicts) await fixture.publish('QUEBEC', topic, 'new', { retain: true });
    links.OSLO.heal();
    await expectOneOf(fixture, 'new');
  });
});
