/** Topics that change faster than they travel. */

import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { inFull } from '../support/in-full.ts';
import { Link } from '../support/link.ts';
import { retainedOf } from '../support/retained-of.ts';
import { type Fixtures, fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

/** Milliseconds each way; longer than the 50 ms from tick to tick. */
const delay = 150;

const writers: readonly { topic: string; sites: readonly string[] }[] = [
  { topic: 'switched/near', sites: ['NEAR'] },
  { topic: 'switched/far', sites: ['FAR'] },
  { topic: 'switched/both', sites: ['NEAR', 'FAR'] },
];

const mqttVersions = inFull([5, 4], [5]);

/** How many messages all brokers have published so far, but for mqttrep's own notes. */
async function messages(fixture: ReplicationFixture): Promise<number> {
  const all = (await fixture.watchAll()).flatMap(watcher => watcher.messages);
  return all.filter(({ topic }) => !topic.startsWith('mqttrep/')).length;
}

async function distant(fixtures: Fixtures, protocolVersion: number): Promise<ReplicationFixture> {
  const brokers = await mosquittos(['NEAR', 'OTHER', 'FAR']);
  const link = await Link.to(brokers.FAR.port);
  link.delay = delay;
  const config = { protocolVersion };
  return fixtures.start({
    brokers,
    links: { FAR: link },
    configs: { NEAR: config, OTHER: config, FAR: config },
    environment: { MQTTREP_MERGE_FREQUENCY: '20' },
  });
}

/** All switches ON and OFF and ON…, at last ON. */
async function toggle(fixture: ReplicationFixture): Promise<void> {
  for (let count = 1; count <= 60; count++) {
    const value = count % 2 === 0 ? 'ON' : 'OFF';
    const writes = writers.flatMap(({ topic, sites }) =>
      sites.map(site => fixture.publish(site, topic, value, { retain: true })),
    );
    await Promise.all([...writes, wait(30)]);
  }
}

describe('mqttrep, with a link of 150 ms and 20 ticks a second,', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks({ stopAfter: 'all specs' });
  let started: readonly ReplicationFixture[] = [];

  before(async () => {
    started = await Promise.all(mqttVersions.map(version => distant(fixtures, version)));
    for (const fixture of started) await fixture.watchAll();
  });

  it('is silent 2 s after the last write to switches that were toggled', async () => {
    await Promise.all(started.map(toggle));
    await wait(2000);
    const before = await Promise.all(started.map(messages));
    await wait(1500);
    expect(await Promise.all(started.map(messages))).to.deep.equal(before);
  });

  for (const [index, version] of inFull(['MQTT 5', 'MQTT 3.1.1'], ['MQTT 5']).entries()) {
    it(`leaves all brokers with the last value (${version})`, async () => {
      const urls = started[index]?.urls ?? [];
      expect(urls).to.have.length(3);
      const first = await retainedOf(urls[0] ?? '');
      for (const url of urls) {
        expect(Object.fromEntries(await retainedOf(url))).to.deep.equal({
          'switched/near': 'ON',
          'switched/far': 'ON',
          // Switched at both ends at once. Over MQTT 3.1.1 an echo looks like a client's write of the same value.
          'switched/both': version === 'MQTT 5' ? 'ON' : first.get('switched/both'),
        });
      }
    });
  }
});
