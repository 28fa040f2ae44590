/** The brokers that tests run against, and how their content is read. */

import { expect } from 'chai';
import { startAedes } from './aedes-broker.ts';
import { TestClient } from './client.ts';
import { eventually } from './eventually.ts';
import { failureOf } from './failure-of.ts';
import { requireMosquitto, startMosquitto } from './mosquitto.ts';
import { publishMany } from './publish-many.ts';
import { retainedOf } from './retained-of.ts';
import { tempFolder } from './temp-folder.ts';
import type { TestBroker } from './test-broker.ts';

const makes: readonly { make: string; start: (port?: number) => Promise<TestBroker> }[] = [
  { make: 'mosquitto', start: port => startMosquitto(port === undefined ? {} : { port }) },
  { make: 'Aedes', start: port => startAedes(port === undefined ? {} : { port }) },
];

describe('the test harness: brokers', () => {
  for (const { make, start } of makes) {
    describe(`${make}`, () => {
      let broker: TestBroker;

      before(async function () {
        if (make === 'mosquitto') requireMosquitto(this);
        broker = await start();
      });

      after(() => broker?.stop());

      it('delivers a message from one client to another', async () => {
        const reader = await TestClient.connect(broker.url);
        const writer = await TestClient.connect(broker.url);
        await reader.subscribe('canards/#', { qos: 2 });
        await writer.publish('canards/name', 'Saturnin', { qos: 2 });
        const message = await reader.waitFor(({ topic }) => topic === 'canards/name');
        expect(message).to.include({ payload: 'Saturnin', retain: false, qos: 2 });
        expect(message.at).to.be.closeTo(performance.now(), 1000);
        await Promise.all([reader.end(), writer.end()]);
      });

      it('starts again on its port after a stop and after a kill, and logs it', async () => {
        const { url } = broker;
        await broker.stop();
        expect(broker.pid).to.equal(undefined);
        expect((await failureOf(TestClient.connect(url))).message).to.match(/ECONNREFUSED|connect/i);
        await broker.start();
        expect(broker.url).to.equal(url);
        await broker.kill();
        await broker.start();
        const client = await TestClient.connect(url, { clientId: 'after-restarts' });
        await eventually(() => expect(broker.log()).to.contain('after-restarts'));
        await client.end();
      });

      it('refuses to be started twice', async () => {
        expect((await failureOf(broker.start())).message).to.contain('runs already');
      });

      it('closes the connections of its clients at a stop, and their publishes reject', async () => {
        const client = await TestClient.connect(broker.url);
        await broker.stop();
        await client.closed();
        expect((await failureOf(client.publish('late', '1'))).message).to.equal('not connected');
        await client.end();
        await broker.start();
      });

      it('replays all of 5,000 retained messages while more are written', async () => {
        await publishMany(broker.url, 5000);
        const [retained] = await Promise.all([
          retainedOf(broker.url, 'many/#'),
          publishMany(broker.url, 500, index => `meanwhile/${index}`),
        ]);
        expect(retained.size).to.equal(5000);
        expect(retained.get('many/4999')).to.equal('value 4999');
      });

      it('is read without control topics, deleted topics, and messages that are not retained', async () => {
        const client = await TestClient.connect(broker.url);
        await client.publish('mqttrep/marker', '7', { retain: true });
        await client.publish('$other/marker', '7', { retain: true });
        await client.publish('read/deleted', 'x', { retain: true });
        await client.deleteRetained('read/deleted');
        await client.publish('read/passing', 'x');
        await client.publish('read/binary', Buffer.from([0xff, 0x00]), { retain: true });
        const retained = await retainedOf(broker.url);
        const few = [...retained].filter(([topic]) => !/^(many|meanwhile)\//.test(topic));
        expect(few).to.deep.equal([['read/binary', '0xff00']]);
        await client.end();
      });

      it('reports that its port is taken', async () => {
        expect((await failureOf(start(broker.port))).message).to.match(/taken|EADDRINUSE/);
      });
    });
  }

  describe('mosquitto', () => {
    before(function () {
      requireMosquitto(this);
    });

    it('keeps retained messages in its persistence folder at a stop, and loses them at a kill', async () => {
      const broker = await startMosquitto({ persistence: tempFolder('persistence') });
      await publishMany(broker.url, 1, () => 'kept');
      await broker.stop();
      await broker.start();
      await publishMany(broker.url, 1, () => 'lost');
      await broker.kill();
      await broker.start();
      expect([...(await retainedOf(broker.url)).keys()]).to.deep.equal(['kept']);
      await broker.stop();
    });

    it('reports why it did not start', async () => {
      const failure = await failureOf(startMosquitto({ config: ['no_such_option 1'] }));
      expect(failure.message).to.contain('no_such_option');
    });

    it('delivers MQTT 5 properties', async () => {
      const broker = await startMosquitto();
      const client = await TestClient.connect(broker.url, { protocolVersion: 5 });
      await client.subscribe('#', { rap: true });
      const properties = { userProperties: { origin: 'oslo' } };
      await client.publish('five', '5', { retain: true, properties });
      const message = await client.waitFor(({ topic }) => topic === 'five');
      expect(message.retain).to.equal(true);
      expect(Object.fromEntries(Object.entries(message.properties.userProperties ?? {}))).to.deep.equal(
        properties.userProperties,
      );
      await client.end();
      await broker.stop();
    });
  });

  describe('Aedes', () => {
    it('keeps retained messages at a stop and at a kill, until it is wiped', async () => {
      const broker = await startAedes();
      await publishMany(broker.url, 1, () => 'kept');
      await broker.stop();
      await broker.start();
      await broker.kill();
      await broker.start();
      expect([...(await retainedOf(broker.url)).keys()]).to.deep.equal(['kept']);
      expect(() => broker.wipe()).to.throw('must be stopped');
      await broker.stop();
      broker.wipe();
      await broker.start();
      expect((await retainedOf(broker.url)).size).to.equal(0);
      await broker.stop();
    });
  });
});
