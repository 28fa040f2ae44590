/** Brokers and links that fail, between real brokers. */

import { expect } from 'chai';
import { expectEqualBrokers } from '../support/equal.ts';
import { eventually } from '../support/eventually.ts';
import { Link } from '../support/link.ts';
import { publishMany } from '../support/publish-many.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

/** What a user may set who does not want to wait for the backoff. */
const quickly = { reconnectPeriod: 100 };

const configs = {
  'MQTT 5': { ...quickly, protocolVersion: 5 },
  'MQTT 3.1.1': { ...quickly, protocolVersion: 4 },
};

describe('mqttrep bears', function () {
  this.timeout(4 * patience);

  let fixture: ReplicationFixture;

  describe('brokers that come and go:', () => {
    const fixtures = fixtureHooks();

    it('a broker that is down at the start: the others replicate, and it gets everything later', async () => {
      const brokers = await mosquittos(['OSLO', 'PARIS', 'QUEBEC']);
      fixture = fixtures.create({ brokers, configs: { QUEBEC: quickly } });
      await publishMany(brokers.QUEBEC.url, 5, index => `there/${index}`);
      await brokers.QUEBEC.stop();
      fixture.run();
      await fixture.connected('OSLO', 'PARIS');
      await fixture.publish('OSLO', 'before', 'x', { retain: true });
      await fixture.retainedAt(['PARIS'], 'before', 'x');
      await fixture.publish('PARIS', 'before', 'y', { retain: true });
      await fixture.publish('PARIS', 'deleted', 'y', { retain: true });
      await fixture.publish('PARIS', 'deleted', '', { retain: true });
      await publishMany(brokers.OSLO.url, 200);
      await brokers.QUEBEC.start();
      await fixture.publish('QUEBEC', 'after', 'z', { retain: true });
      await fixture.retainedAt(['OSLO', 'PARIS'], 'after', 'z');
      await expectEqualBrokers(fixture.urls, { within: patience });
      const retained = await retainedOf(brokers.QUEBEC.url);
      expect(retained.size).to.equal(202);
      expect(retained.get('before')).to.equal('y');
    });

    for (const [version, config] of Object.entries(configs)) {
      it(`fills a broker that comes back without its data, and deletes nothing (${version})`, async () => {
        const brokers = await mosquittos(['OSLO', 'PARIS']);
        fixture = await fixtures.start({ brokers, configs: { OSLO: config, PARIS: config } });
        await publishMany(brokers.OSLO.url, 200);
        await publishMany(brokers.PARIS.url, 200, index => `other/${index}`);
        await expectEqualBrokers(fixture.urls, { within: patience });
        const before = await retainedOf(brokers.OSLO.url);
        await brokers.PARIS.kill();
        await brokers.PARIS.start();
        await eventually(
          async () => expect((await retainedOf(brokers.PARIS.url)).size).to.equal(before.size),
          { within: patience },
        );
        await fixture.settled();
        expect(await retainedOf(brokers.OSLO.url, 'many/#')).to.have.property('size', 200);
        expect(await retainedOf(brokers.PARIS.url, 'other/#')).to.have.property('size', 200);
        await expectEqualBrokers(fixture.urls, { within: patience });
      });

      it(`a broker that goes back in time: it is brought up to date (${version})`, async () => {
        const { OSLO } = await mosquittos(['OSLO']);
        const { PARIS } = await mosquittos(['PARIS'], { persistence: tempFolder('persistence') });
        fixture = await fixtures.start({
          brokers: { OSLO, PARIS },
          configs: { OSLO: config, PARIS: config },
        });
        for (const topic of ['changed', 'deleted']) {
          await fixture.publish('OSLO', topic, 'old', { retain: true });
          await fixture.retainedEverywhere(topic, 'old');
        }
        await fixture.settled();
        await fixture.marked();
        await PARIS.stop();
        await PARIS.start();
        await fixture.settled();
        await fixture.publish('OSLO', 'changed', 'new', { retain: true });
        await fixture.publish('OSLO', 'added', 'new', { retain: true });
        await fixture.publish('OSLO', 'deleted', '', { retain: true });
        await fixture.retainedEverywhere('changed', 'new');
        await fixture.retainedEverywhere('added', 'new');
        await fixture.retainedEverywhere('deleted', undefined);
        await fixture.settled();
        await fixture.marked();
        await PARIS.kill();
        await PARIS.start();
        expect(Object.fromEntries(await retainedOf(PARIS.url, 'added'))).to.deep.equal({});
        await fixture.retainedAt(['PARIS'], 'added', 'new');
        await fixture.retainedEverywhere('changed', 'new');
        await fixture.retainedEverywhere('deleted', undefined);
        await fixture.settled();
        await expectEqualBrokers(fixture.urls, { within: patience });
      });
    }
  });

  for (const [version, config] of Object.entries(configs)) {
    describe(`a link that is cut and healed (${version}):`, () => {
      const fixtures = fixtureHooks({ stopAfter: 'all specs' });

      const topics = ['here', 'there', 'both', 'deleted', 'deleted/there', 'rewritten'];

      before(async () => {
        const brokers = await mosquittos(['OSLO', 'PARIS', 'QUEBEC']);
        const link = await Link.to(brokers.PARIS.port);
        fixture = await fixtures.start({
          brokers,
          links: { PARIS: link },
          configs: { OSLO: config, PARIS: config, QUEBEC: config },
        });
        for (const topic of topics) await fixture.publish('OSLO', topic, 'before', { retain: true });
        for (const topic of topics) await fixture.retainedEverywhere(topic, 'before');
        await fixture.settled();
        await fixture.marked();
        link.cut();
        await fixture.publish('PARIS', 'there', 'from PARIS', { retain: true });
        await fixture.publish('PARIS', 'there/new', 'from PARIS', { retain: true });
        await fixture.publish('PARIS', 'both', 'from PARIS', { retain: true });
        await fixture.publish('OSLO', 'here', 'from OSLO', { retain: true });
        await fixture.publish('OSLO', 'here/new', 'from OSLO', { retain: true });
        await fixture.publish('OSLO', 'both', 'from OSLO', { retain: true });
        await fixture.publish('OSLO', 'deleted', '', { retain: true });
        await fixture.publish('OSLO', 'rewritten', 'from OSLO', { retain: true });
        await fixture.publish('PARIS', 'rewritten', '', { retain: true });
        await fixture.publish('PARIS', 'deleted/there', '', { retain: true });
        await fixture.retainedAt(['QUEBEC'], 'both', 'from OSLO');
        await fixture.retainedAt(['QUEBEC'], 'deleted', undefined);
        await fixture.retainedAt(['QUEBEC'], 'rewritten', 'from OSLO');
        link.heal();
      });

      it('what was written on one side is on both', async () => {
        for (const [topic, payload] of [
          ['here', 'from OSLO'],
          ['here/new', 'from OSLO'],
          ['there', 'from PARIS'],
          ['there/new', 'from PARIS'],
        ] as const) {
          await fixture.retainedEverywhere(topic, payload);
        }
      });

      it('where both sides were written to, the write that mqttrep saw later wins', () =>
        fixture.retainedEverywhere('both', 'from PARIS'));

      it('what was deleted on the connected side is gone on both', () =>
        fixture.retainedEverywhere('deleted', undefined));

      it('what was deleted on the side that was cut off is gone on both', () =>
        fixture.retainedEverywhere('deleted/there', undefined));

      it('a write on the connected side is newer than a deletion on the other', () =>
        fixture.retainedEverywhere('rewritten', 'from OSLO'));

      it('all stays so', async () => {
        await fixture.settled();
        await expectEqualBrokers(fixture.urls, { within: patience });
        const retained = await retainedOf(fixture.broker('QUEBEC').url);
        expect(retained.get('both')).to.equal('from PARIS');
        expect(retained.get('rewritten')).to.equal('from OSLO');
        expect(retained.has('deleted')).to.equal(false);
      });
    });
  }
});
