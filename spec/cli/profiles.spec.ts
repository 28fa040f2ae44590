/** `profile`: mqttrep keeps the limits of a provider, so that the broker never hangs up, and all is equal in the end. */

import { expect } from 'chai';
import { PROFILE_NAMES, type ProfileName } from '../../lib/config/profiles.ts';
import { TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import type { BrokerLimits } from '../support/limits/broker-limits.ts';
import { LimitedBroker } from '../support/limits/limited-broker.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { retainedOf } from '../support/retained-of.ts';
import { command } from './command.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience } from './replication-fixture.ts';

/** What each provider enforces. Where both directions count, half is left to what it delivers. */
const ENFORCED: Readonly<Record<ProfileName, BrokerLimits>> = {
  'aws-iot': {
    filters: { most: 8, beyond: 'hangs up' },
    levels: 8,
    topicBytes: 256,
    packetSize: { most: 128 * 1024, isAnnounced: false },
    maxQos: 1,
    receiveMaximum: 100,
    rate: { messages: 50, bytes: 400_000 },
  },
  'event-grid': {
    filters: { most: 10, beyond: 'hangs up' },
    levels: 8,
    topicBytes: 256,
    packetSize: { most: 64 * 1024, isAnnounced: false },
    maxQos: 1,
    receiveMaximum: 16,
    rate: { messages: 210, bytes: 500_000 },
  },
  'hivemq-cloud': {
    packetSize: { most: 5_000_000, isAnnounced: false },
    receiveMaximum: 10,
    rate: { messages: 210, bytes: 2_000_000 },
  },
};

const SITES = Array.from({ length: 12 }, (_, index) => `site${index}`);

describe('The profile', function () {
  this.timeout(12 * patience);
  const fixtures = fixtureHooks();

  for (const profile of PROFILE_NAMES) {
    it(`${profile} is kept at first contact and in a flood, and all is equal in the end`, async () => {
      const brokers = await mosquittos(['OSLO', 'CLOUD']);
      const limited = await LimitedBroker.before(brokers.CLOUD.port, ENFORCED[profile]);
      const fixture = fixtures.create({
        brokers,
        links: { CLOUD: limited },
        configs: { CLOUD: { profile } },
        environment: Object.fromEntries(
          SITES.flatMap(site => [
            [`MQTTREP_TOPIC_${site}`, `${site}/#`],
            [`MQTTREP_QOS_${site}`, '2'],
          ]),
        ),
      });
      const held = new Map<string, string>();
      const oslo = await fixture.client('OSLO');
      const cloud = await fixture.client('CLOUD');
      for (const [index, site] of SITES.entries()) {
        for (let number = 0; number < 20; number++) {
          const topic = `${site}/sensor/${number}`;
          await (number % 4 === 0 ? cloud : oslo).publish(topic, `${index}`, { retain: true, qos: 2 });
          held.set(topic, `${index}`);
        }
      }
      // These exceed a limit at some providers.
      const beyond = new Map([
        ['site0/2/3/4/5/6/7/8/9', 'deep'],
        [`site0/${'long'.repeat(80)}`, 'long'],
        ['site0/large', 'x'.repeat(200_000)],
      ]);
      for (const [topic, payload] of beyond) await oslo.publish(topic, payload, { retain: true });
      fixture.run();
      await fixture.connected('OSLO', 'CLOUD');
      const begin = performance.now();
      for (let count = 0; performance.now() - begin < 3_000; ) {
        for (const due = performance.now() - begin; count < due; count++) {
          const topic = `site${count % 12}/flood/${count % 36}`;
          held.set(topic, `value ${count}`);
          void oslo.publish(topic, `value ${count}`, { retain: true, qos: 0 });
        }
        await new Promise(resolve => setTimeout(resolve, 5));
      }
      await eventually(
        async () => {
          for (const site of ['OSLO', 'CLOUD']) {
            const found = await retainedOf(fixture.broker(site).url);
            for (const [topic, payload] of held)
              expect(found.get(topic), `${topic} at ${site}`).to.equal(payload);
          }
        },
        { within: 4 * patience },
      );
      expect(limited.closings).to.deep.equal([]);
      limited.assertKept();
      expect(fixture.mqttrep.stderr).not.to.contain('connection lost');
    });
  }

  it('is kept by check --connect, which writes less there', async function () {
    requireMosquitto(this);
    const brokers = await mosquittos(['OSLO', 'CLOUD']);
    const limited = await LimitedBroker.before(brokers.CLOUD.port, ENFORCED['aws-iot']);
    try {
      const { code, stdout, stderr } = await command(['check', '--connect', '--write-probe'], {
        MQTTREP_CLIENT_OSLO: brokers.OSLO.url,
        MQTTREP_CLIENT_CLOUD: limited.url,
        MQTTREP_CONFIG_CLOUD: JSON.stringify({ profile: 'aws-iot' }),
        MQTTREP_TOPIC_all: '1/2/3/4/5/6/7/#',
      });
      expect(stdout, `${stderr}${stdout}`).to.match(/CLOUD +yes/);
      expect(stdout, stdout).to.contain('complete (180)');
      expect(code).to.equal(0);
      expect(limited.closings).to.deep.equal([]);
      const left = await TestClient.connect(brokers.CLOUD.url);
      await left.subscribe('mqttrep/#');
      await new Promise(resolve => setTimeout(resolve, 200));
      expect(left.messages).to.deep.equal([]);
      await left.destroy();
    } finally {
      await limited.close();
      await Promise.all(Object.values(brokers).map(broker => broker.stop()));
    }
  });

  it('is shown by config, with the values that it decided', async () => {
    const environment = {
      MQTTREP_CLIENT_OSLO: 'mqtt://oslo.example',
      MQTTREP_CLIENT_CLOUD: 'mqtts://cloud.example',
      MQTTREP_CONFIG_CLOUD: JSON.stringify({ profile: 'aws-iot', maxRate: 20 }),
      MQTTREP_TOPIC_all: '#',
    };
    const { stdout } = await command(['config'], environment);
    expect(stdout).to.contain('profile aws-iot, maxQos 1 (profile), ');
    expect(stdout).to.contain('maxFilters 8 (profile), ').and.to.contain('maxRate 20/s, ');
    const json = await command(['config', '--json'], environment);
    const [cloud] = JSON.parse(json.stdout).brokers;
    expect(cloud).to.include({ profile: 'aws-iot', maxQos: 1, maxRate: 20, maxLevels: 8 });
    expect(cloud.fromProfile).to.include('maxLevels').and.not.to.include('maxRate');
  });
});
