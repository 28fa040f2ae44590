/** Rights to write that are away for a moment: what was denied meanwhile arrives soon after they return. */

import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { type AclBroker, startWithAcl } from '../support/acl-broker.ts';
import { expectEqualBrokers } from '../support/equal.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { patience, ReplicationFixture } from './replication-fixture.ts';

const ALL = ['readwrite #'];
const READ_ONLY = ['read #', 'readwrite mqttrep/#'];
const TOPICS = Array.from({ length: 20 }, (_, index) => `home/${index}`);

describe('Rights to write', function () {
  this.timeout(8 * patience);

  let fixture: ReplicationFixture | undefined;
  let paris: AclBroker;

  before(function () {
    requireMosquitto(this);
  });

  afterEach(async () => {
    await fixture?.stop();
    fixture = undefined;
  });

  async function start(protocolVersion: 4 | 5): Promise<ReplicationFixture> {
    paris = await startWithAcl(ALL);
    const url = new URL(paris.broker.url);
    url.username = 'rep';
    fixture = await ReplicationFixture.start({
      brokers: { OSLO: await startMosquitto(), PARIS: paris.broker },
      links: { PARIS: { url: url.href, close: () => Promise.resolve() } },
      configs: { PARIS: { protocolVersion } },
    });
    for (const topic of TOPICS) await fixture.publish('OSLO', topic, 'before', { retain: true });
    await expectEqualBrokers(fixture.urls, { within: patience });
    return fixture;
  }

  for (const [protocolVersion, protocol] of [
    [4, 'MQTT 3.1.1'],
    [5, 'MQTT 5'],
  ] as const) {
    it(`that return after 3 s over ${protocol} are noticed within seconds, for all topics`, async () => {
      const fixture = await start(protocolVersion);
      paris.change(READ_ONLY);
      await pause(500);
      for (const topic of TOPICS) await fixture.publish('OSLO', topic, 'meanwhile', { retain: true });
      await pause(2_500);
      await fixture.retainedAt(['PARIS'], TOPICS[0] ?? '', 'before');
      paris.change(ALL);
      // Over MQTT 3.1.1 a denial is found by an echo that is overdue after 10 s.
      await expectEqualBrokers(fixture.urls, { within: 2 * patience });
      await fixture.retainedEverywhere(TOPICS[19] ?? '', 'meanwhile');
      expect(fixture.mqttrep.stderr).not.to.include('connection lost');
    });
  }

  it('that return after half a minute over MQTT 5 are noticed by the next value of any topic, for all topics', async () => {
    const fixture = await start(5);
    paris.change(READ_ONLY);
    await pause(500);
    for (const topic of TOPICS) await fixture.publish('OSLO', topic, 'meanwhile', { retain: true });
    await pause(25_000);
    paris.change(ALL);
    await pause(500);
    await fixture.publish('OSLO', TOPICS[7] ?? '', 'new', { retain: true });
    await expectEqualBrokers(fixture.urls, { within: patience });
  });
});
