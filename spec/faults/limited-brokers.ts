/** mqttrep at brokers with small limits: in the end they retain what the others do, and no limit was exceeded. */

import { expect } from 'chai';
import { fixtureHooks } from '../cli/fixture-hooks.ts';
import { mosquittos, patience } from '../cli/replication-fixture.ts';
import { TestClient } from '../support/client.ts';
import { expectEqualBrokers } from '../support/equal.ts';
import { LIMITED_BROKERS, type LimitedBrokerName } from '../support/limits/limit-table.ts';
import { LimitedBroker } from '../support/limits/limited-broker.ts';
import { publishMany } from '../support/publish-many.ts';
import { retainedOf } from '../support/retained-of.ts';

/** Topics at each broker. With names of some 70 bytes a probe for all of them is larger than 4,096 bytes. */
const TOPICS = 80;

const NAMES: readonly LimitedBrokerName[] = [
  'closes the connection at more than 8 filters in a SUBSCRIBE',
  'refuses more than 14 filters in a SUBSCRIBE',
  'announces a Maximum Packet Size of 4,096 bytes',
  'hangs up on packets of more than 4,096 bytes',
  'takes one publish at a time',
  'takes 5 publishes at a time',
  'takes 20 publishes at a time',
];

const topicOf = (site: string) => (index: number) =>
  `homeassistant/sensor/${site}/${'x'.repeat(40)}/${index}/config`;

async function deleteAll(url: string, topics: readonly string[]): Promise<void> {
  const client = await TestClient.connect(url);
  await Promise.all(topics.map(topic => client.publish(topic, '', { retain: true })));
  await client.end();
}

for (const protocolVersion of [4, 5] as const) {
  describe(`Over ${protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1'}, a broker that`, function () {
    this.timeout(8 * patience);

    const fixtures = fixtureHooks();

    for (const name of NAMES) {
      it(`${name} ends equal to the others, after a return as well`, async () => {
        const brokers = await mosquittos(['OSLO', 'PARIS']);
        for (const [site, { url }] of Object.entries(brokers)) await publishMany(url, TOPICS, topicOf(site));
        const limited = await LimitedBroker.before(brokers.PARIS.port, LIMITED_BROKERS[name]);
        const fixture = await fixtures.start({
          brokers,
          configs: { OSLO: { protocolVersion }, PARIS: { protocolVersion, reconnectPeriod: 200 } },
          links: { PARIS: { url: limited.url, close: () => limited.close() } },
        });
        await expectEqualBrokers(fixture.urls, { within: 2 * patience });
        expect((await retainedOf(brokers.PARIS.url)).size).to.equal(2 * TOPICS);
        await fixture.settled();
        await fixture.marked();
        await fixture.marked();

        limited.link.cut();
        const gone = Array.from({ length: 5 }, (_, index) => topicOf('PARIS')(index));
        await deleteAll(brokers.PARIS.url, gone);
        await publishMany(brokers.OSLO.url, 10, index => `late/${index}`);
        limited.link.heal();
        await expectEqualBrokers(fixture.urls, { within: 3 * patience });
        const retained = await retainedOf(brokers.OSLO.url);
        for (const topic of gone) expect(retained.has(topic), topic).to.equal(false);
        limited.assertKept();
      });
    }
  });
}
