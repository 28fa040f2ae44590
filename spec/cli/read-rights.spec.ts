/** A broker at which mqttrep may not read any more: what it is not shown is deleted nowhere, and the log says so. */

import { expect } from 'chai';
import { type AclBroker, startWithAcl } from '../support/acl-broker.ts';
import { expectEqualBrokers } from '../support/equal.ts';
import { eventually } from '../support/eventually.ts';
import { inFull } from '../support/in-full.ts';
import { Link } from '../support/link.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { publishMany } from '../support/publish-many.ts';
import { retainedOf } from '../support/retained-of.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { patience, type ReplicationFixture } from './replication-fixture.ts';

const ALL = ['readwrite #'];
const HOME_WRITE_ONLY = ['readwrite mqttrep/#', 'readwrite fixture/#', 'readwrite other/#', 'write home/#'];

const UNREADABLE = /PARIS: .* mqttrep may lack the right to read there: .* Nothing is deleted/;

const VERSIONS = [
  ['MQTT 3.1.1', 4],
  ['MQTT 5', 5],
] as const;

for (const [version, protocolVersion] of inFull(VERSIONS.slice(), VERSIONS.slice(1))) {
  describe(`A read right that is withdrawn at one broker (${version})`, function () {
    this.timeout(6 * patience);

    const fixtures = fixtureHooks();
    let fixture: ReplicationFixture;
    let link: Link;
    let paris: AclBroker;

    /** So many topics everywhere, and the marker at PARIS follows them. */
    async function start(topics: number, scanPeriod: string): Promise<void> {
      paris = await startWithAcl(ALL);
      link = await Link.to(paris.broker.port);
      const config = { protocolVersion, reconnectPeriod: 100 };
      fixture = await fixtures.start({
        brokers: { OSLO: await startMosquitto(), PARIS: paris.broker },
        links: { PARIS: link },
        configs: { OSLO: config, PARIS: { ...config, username: 'rep' } },
        environment: { MQTTREP_SCAN_PERIOD: scanPeriod },
      });
      await publishMany(fixture.broker('OSLO').url, topics, index => `home/${index}`);
      await eventually(
        async () =>
          expect(await retainedOf(fixture.broker('PARIS').url, 'home/#')).to.have.property('size', topics),
        { within: patience },
      );
      await fixture.settled();
      await fixture.marked();
    }

    /** Resolves when the broker shows nothing to mqttrep's account any more. */
    async function withdraw(): Promise<void> {
      paris.change(HOME_WRITE_ONLY);
      const asRep = paris.broker.url.replace('mqtt://', 'mqtt://rep@');
      await eventually(async () => expect(await retainedOf(asRep, 'home/#')).to.have.property('size', 0), {
        within: patience,
      });
    }

    async function expectNothingDeleted(topics: number): Promise<void> {
      await fixture.settled();
      await expectEqualBrokers(fixture.urls, { within: patience });
      expect(await retainedOf(fixture.broker('OSLO').url, 'home/#')).to.have.property('size', topics);
      expect(fixture.mqttrep.stderr).not.to.contain('confirm-deletions');
    }

    for (const topics of inFull([8, 50, 300], [50])) {
      it(`deletes none of ${topics} topics when the connection is cut and returns`, async () => {
        await start(topics, 'off');
        link.cut();
        await withdraw();
        link.heal();
        await fixture.mqttrep.line(UNREADABLE, 2 * patience);
        await expectNothingDeleted(topics);
      });
    }

    // Two scans, which begin 10 s after each other, have to come by.
    for (const topics of inFull([8, 300], [])) {
      it(`deletes none of ${topics} topics on a connection that stands, and what is written there unseen stays`, async () => {
        await start(topics, '1');
        await withdraw();
        const client = await fixture.client('PARIS');
        await client.publish('home/0', 'unseen', { retain: true });
        await fixture.mqttrep.line(UNREADABLE, 3 * patience);
        await fixture.settled();
        expect(await retainedOf(fixture.broker('OSLO').url, 'home/#')).to.have.property('size', topics);
        const atParis = await retainedOf(fixture.broker('PARIS').url, 'home/#');
        expect(atParis).to.have.property('size', topics);
        expect(atParis.get('home/0')).to.equal('unseen');
        paris.change(ALL);
        await fixture.retainedEverywhere('home/0', 'unseen', { within: 3 * patience });
        await expectNothingDeleted(topics);
      });
    }
  });
}
