/** Brokers and links that fail, between real brokers. */

import { expect } from 'chai';
import { expectEqualBrokers } from '../support/equal.ts';
import { eventually } from '../support/eventually.ts';
import { Link } from '../support/link.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { publishMany } from '../support/publish-many.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { mosquittos, patience, Scene } from './scene.ts';

/** What a user may set who does not want to wait for the backoff. */
const quickly = { reconnectPeriod: 100 };

const configs = {
  'MQTT 5': { ...quickly, protocolVersion: 5 },
  'MQTT 3.1.1': { ...quickly, protocolVersion: 4 },
};

describe('mqttrep bears', function () {
  this.timeout(4 * patience);

  let scene: Scene;

  before(function () {
    requireMosquitto(this);
  });

  describe('brokers that come and go:', () => {
    afterEach(() => scene?.stop());

    it('a broker that is down at the start: the others replicate, and it gets everything later', async () => {
      const brokers = await mosquittos(['OSLO', 'PARIS', 'QUEBEC']);
      scene = new Scene({ brokers, configs: { QUEBEC: quickly } });
      await publishMany(brokers.QUEBEC.url, 5, index => `there/${index}`);
      await brokers.QUEBEC.stop();
      scene.run();
      await scene.connected('OSLO', 'PARIS');
      await scene.publish('OSLO', 'before', 'x', { retain: true });
      await scene.retainedAt(['PARIS'], 'before', 'x');
      await scene.publish('PARIS', 'before', 'y', { retain: true });
      await scene.publish('PARIS', 'deleted', 'y', { retain: true });
      await scene.publish('PARIS', 'deleted', '', { retain: true });
      await publishMany(brokers.OSLO.url, 200);
      await brokers.QUEBEC.start();
      await scene.publish('QUEBEC', 'after', 'z', { retain: true });
      await scene.retainedAt(['OSLO', 'PARIS'], 'after', 'z');
      await expectEqualBrokers(scene.urls, { within: patience });
      const retained = await retainedOf(brokers.QUEBEC.url);
      expect(retained.size).to.equal(202);
      expect(retained.get('before')).to.equal('y');
    });

    for (const [version, config] of Object.entries(configs)) {
      it(`a broker that comes back without its data: it is filled anew, and nothing is deleted (${version})`, async () => {
        const brokers = await mosquittos(['OSLO', 'PARIS']);
        scene = await Scene.start({ brokers, configs: { OSLO: config, PARIS: config } });
        await publishMany(brokers.OSLO.url, 200);
        await publishMany(brokers.PARIS.url, 200, index => `other/${index}`);
        await expectEqualBrokers(scene.urls, { within: patience });
        const before = await retainedOf(brokers.OSLO.url);
        await brokers.PARIS.kill();
        await brokers.PARIS.start();
        await eventually(
          async () => expect((await retainedOf(brokers.PARIS.url)).size).to.equal(before.size),
          { within: patience },
        );
        await scene.settled();
        expect(await retainedOf(brokers.OSLO.url, 'many/#')).to.have.property('size', 200);
        expect(await retainedOf(brokers.PARIS.url, 'other/#')).to.have.property('size', 200);
        await expectEqualBrokers(scene.urls, { within: patience });
      });

      it(`a broker that goes back in time: it is brought up to date (${version})`, async () => {
        const { OSLO } = await mosquittos(['OSLO']);
        const { PARIS } = await mosquittos(['PARIS'], { persistence: tempFolder('persistence') });
        scene = await Scene.start({ brokers: { OSLO, PARIS }, configs: { OSLO: config, PARIS: config } });
        for (const topic of ['changed', 'deleted']) {
          await scene.publish('OSLO', topic, 'old', { retain: true });
          await scene.retainedEverywhere(topic, 'old');
        }
        await scene.settled();
        await scene.marked();
        await PARIS.stop();
        await PARIS.start();
        await scene.settled();
        await scene.publish('OSLO', 'changed', 'new', { retain: true });
        await scene.publish('OSLO', 'added', 'new', { retain: true });
        await scene.publish('OSLO', 'deleted', '', { retain: true });
        await scene.retainedEverywhere('changed', 'new');
        await scene.retainedEverywhere('added', 'new');
        await scene.retainedEverywhere('deleted', undefined);
        await scene.settled();
        await scene.marked();
        await PARIS.kill();
        await PARIS.start();
        expect(Object.fromEntries(await retainedOf(PARIS.url, 'added'))).to.deep.equal({});
        await scene.retainedAt(['PARIS'], 'added', 'new');
        await scene.retainedEverywhere('changed', 'new');
        await scene.retainedEverywhere('deleted', undefined);
        await scene.settled();
        await expectEqualBrokers(scene.urls, { within: patience });
      });
    }
  });

  for (const [version, config] of Object.entries(configs)) {
    describe(`a link that is cut and healed (${version}):`, () => {
      after(() => scene?.stop());

      const topics = ['here', 'there', 'both', 'deleted', 'deleted/there', 'rewritten'];

      before(async () => {
        const brokers = await mosquittos(['OSLO', 'PARIS', 'QUEBEC']);
        const link = await Link.to(brokers.PARIS.port);
        scene = await Scene.start({
          brokers,
          links: { PARIS: link },
          configs: { OSLO: config, PARIS: config, QUEBEC: config },
        });
        for (const topic of topics) await scene.publish('OSLO', topic, 'before', { retain: true });
        for (const topic of topics) await scene.retainedEverywhere(topic, 'before');
        await scene.settled();
        await scene.marked();
        link.cut();
        await scene.publish('PARIS', 'there', 'from PARIS', { retain: true });
        await scene.publish('PARIS', 'there/new', 'from PARIS', { retain: true });
        await scene.publish('PARIS', 'both', 'from PARIS', { retain: true });
        await scene.publish('OSLO', 'here', 'from OSLO', { retain: true });
        await scene.publish('OSLO', 'here/new', 'from OSLO', { retain: true });
        await scene.publish('OSLO', 'both', 'from OSLO', { retain: true });
        await scene.publish('OSLO', 'deleted', '', { retain: true });
        await scene.publish('OSLO', 'rewritten', 'from OSLO', { retain: true });
        await scene.publish('PARIS', 'rewritten', '', { retain: true });
        await scene.publish('PARIS', 'deleted/there', '', { retain: true });
        await scene.retainedAt(['QUEBEC'], 'both', 'from OSLO');
        await scene.retainedAt(['QUEBEC'], 'deleted', undefined);
        await scene.retainedAt(['QUEBEC'], 'rewritten', 'from OSLO');
        link.heal();
      });

      it('what was written on one side is on both', async () => {
        for (const [topic, payload] of [
          ['here', 'from OSLO'],
          ['here/new', 'from OSLO'],
          ['there', 'from PARIS'],
          ['there/new', 'from PARIS'],
        ] as const) {
          await scene.retainedEverywhere(topic, payload);
        }
      });

      it('where both sides were written to, the write that mqttrep saw later wins', () =>
        scene.retainedEverywhere('both', 'from PARIS'));

      it('what was deleted on the connected side is gone on both', () =>
        scene.retainedEverywhere('deleted', undefined));

      it('what was deleted on the side that was cut off is gone on both', () =>
        scene.retainedEverywhere('deleted/there', undefined));

      it('a write on the connected side is newer than a deletion on the other', () =>
        scene.retainedEverywhere('rewritten', 'from OSLO'));

      it('all stays so', async () => {
        await scene.settled();
        await expectEqualBrokers(scene.urls, { within: patience });
        const retained = await retainedOf(scene.broker('QUEBEC').url);
        expect(retained.get('both')).to.equal('from PARIS');
        expect(retained.get('rewritten')).to.equal('from OSLO');
        expect(retained.has('deleted')).to.equal(false);
      });
    });
  }
});
