/** Bursts that make a mosquitto with its own limits drop messages for mqttrep. */

import { expect } from 'chai';
import { fixtureHooks } from '../cli/fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from '../cli/replication-fixture.ts';
import { TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { Link } from '../support/link.ts';
import { retainedOf } from '../support/retained-of.ts';
import { expectPeace, VERSIONS } from './trial.ts';

/** Together far more than a mosquitto keeps for a subscriber who does not read, which is 1,000. */
const KNOWN = Array.from({ length: 1_500 }, (_, index) => `known/${index}`);
const NEW = Array.from({ length: 2_500 }, (_, index) => `new/${index}`);

describe('A burst at a mosquitto with its default limits', function () {
  this.timeout(0);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  for (const [version, protocolVersion] of VERSIONS) {
    it(`which drops most of it: known topics and new ones are equal all the same (${version})`, async () => {
      const brokers = await mosquittos(['OSLO', 'PARIS'], { config: ['sys_interval 1'] });
      const link = await Link.to(brokers.OSLO.port);
      const config = { protocolVersion };
      fixture = await fixtures.start({
        brokers,
        links: { OSLO: link },
        configs: { OSLO: config, PARIS: config },
        environment: { MQTTREP_SCAN_PERIOD: '20' },
      });
      await write(brokers.OSLO.url, KNOWN, 'before');
      await eventually(
        async () => expect((await retainedOf(brokers.PARIS.url)).size).to.equal(KNOWN.length),
        {
          within: 4 * patience,
        },
      );
      link.freeze();
      await write(brokers.OSLO.url, [...KNOWN, ...NEW], 'burst');
      await dropped(brokers.OSLO.url);
      link.thaw();
      const burst = Object.fromEntries([...KNOWN, ...NEW].map(topic => [topic, 'burst']));
      await eventually(
        async () => expect(Object.fromEntries(await retainedOf(brokers.PARIS.url))).to.deep.equal(burst),
        { within: 8 * patience },
      );
      await expectPeace(fixture);
    });
  }
});

/** By a client of its own: one that reads as well would be slow. */
async function write(url: string, topics: readonly string[], payload: string): Promise<void> {
  const client = await TestClient.connect(url);
  await Promise.all(topics.map(topic => client.publish(topic, payload, { retain: true })));
  await client.end();
}

/** Resolves when the broker says that it has dropped messages: else the trial proves nothing. */
async function dropped(url: string): Promise<void> {
  const client = await TestClient.connect(url);
  const topic = '$SYS/broker/publish/messages/dropped';
  await client.subscribe(topic);
  await client.waitFor(message => message.topic === topic && Number(message.payload) > 0, patience);
  await client.end();
}
