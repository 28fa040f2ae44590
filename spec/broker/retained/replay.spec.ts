/** A replay ends when the broker has shown all that it retains, and not before. */

import { expect } from 'chai';
import { UNTESTED } from '../../../lib/broker/capabilities/broker-capabilities.ts';
import { ConnectTests } from '../../../lib/broker/capabilities/connect-tests.ts';
import { KnownCapabilities } from '../../../lib/broker/capabilities/known-capabilities.ts';
import type { Connection } from '../../../lib/broker/connection/connection.ts';
import { Replay } from '../../../lib/broker/retained/replay.ts';
import type { Sentinel } from '../../../lib/broker/retained/sentinel.ts';
import type { RetainedMarker } from '../../../lib/protocol/messages.ts';
import { TestClient } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { publishMany } from '../../support/publish-many.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { controlTopicsAt, REPLAYING_MAKES } from '../makes.ts';
import { openConnection, topicsShown } from '../open-connection.ts';
import { MANY, MARKER, newSentinel, SENTINEL_TOPIC } from './replay-fixture.ts';

for (const { make, protocolVersion, start, order = 'filter by filter' } of REPLAYING_MAKES) {
  describe(`Replay at ${make}`, () => {
    let broker: TestBroker;
    let connection: Connection;
    let topics: readonly string[];

    before(async function () {
      broker = await start(this);
      await publishMany(broker.url, MANY);
    });

    after(() => broker?.stop());

    beforeEach(async () => {
      connection = await openConnection(broker.url, protocolVersion);
    });

    afterEach(() => connection?.end());

    async function create(sentinel: Sentinel | undefined): Promise<Replay> {
      const replay = new Replay(connection, sentinel, MARKER, { ...UNTESTED, replayOrder: order });
      topics = topicsShown(connection, replay);
      await sentinel?.place(connection);
      return replay;
    }

    it('shows everything, even more than brokers replay at a higher QoS', async () => {
      const replay = await create(newSentinel());
      await replay.readMarker();
      expect(await replay.run([{ filter: 'many/#', qos: 1 }])).to.deep.equal([{ filter: 'many/#', code: 0 }]);
      expect(new Set(topics)).to.have.property('size', MANY);
    });

    for (const subscriptions of [[], [{ filter: 'nothing/#', qos: 1 }]] as const) {
      it(`ends ${order === 'any' ? 'by quiet' : 'at once'} if nothing is retained under ${subscriptions.length} filters`, async () => {
        const replay = await create(newSentinel());
        await replay.readMarker();
        const begin = performance.now();
        await replay.run(subscriptions);
        expect(performance.now() - begin).to.be.below(order === 'any' ? 6_000 : 1_900);
        expect(topics).to.deep.equal([]);
      });
    }

    it('ends by quiet if no sentinel may be written', async () => {
      const replay = await create(undefined);
      expect(await replay.readMarker()).to.equal('unknown');
      await replay.run([{ filter: 'many/#', qos: 0 }]);
      expect(new Set(topics)).to.have.property('size', MANY);
    });

    it('subscribes with the wanted QoS', async () => {
      const replay = await create(newSentinel());
      const subscriptions = [
        { filter: 'live/0', qos: 0 },
        { filter: 'live/2', qos: 2 },
      ] as const;
      await replay.readMarker();
      await replay.run(subscriptions);
      await replay.upgradeQos(subscriptions);
      const received = new Map<string, number>();
      connection.receive((packet, done) => {
        received.set(packet.topic, packet.qos);
        done();
      });
      const client = await TestClient.connect(broker.url);
      await client.publish('live/0', 'x', { qos: 2 });
      await client.publish('live/2', 'x', { qos: 2 });
      await eventually(() => expect(received.size).to.equal(2));
      expect(Object.fromEntries(received)).to.deep.equal({ 'live/0': 0, 'live/2': 2 });
      await client.end();
    });

    for (const upgrade of ['with the second', 'with the first'] as const) {
      it(`has each message delivered once, with the wanted QoS, by an upgrade ${upgrade} SUBSCRIBE`, async () => {
        const replay = await create(newSentinel());
        const subscriptions = [
          { filter: 'once/0', qos: 0 },
          { filter: 'once/1', qos: 1 },
          { filter: 'once/2', qos: 2 },
        ] as const;
        await replay.readMarker();
        const known = new KnownCapabilities();
        const tests = new ConnectTests(connection, known, SENTINEL_TOPIC);
        connection.receive((packet, done) => {
          if (!tests.observe(packet)) replay.observe(packet);
          done();
        });
        await tests.runQosUpgrade(2);
        expect(known.current.qosUpgrade).to.equal('with the second');
        const granted = await replay.run(subscriptions, upgrade);
        if (upgrade === 'with the second') await replay.upgradeQos(subscriptions);
        else expect(granted.map(({ code }) => code)).to.deep.equal([0, 1, 2]);
        const received: string[] = [];
        connection.receive(({ topic, qos }, done) => {
          received.push(`${topic} by ${qos}`);
          done();
        });
        const client = await TestClient.connect(broker.url);
        for (const topic of ['once/0', 'once/1', 'once/2', 'once/1'])
          await client.publish(topic, 'x', { qos: 2 });
        await eventually(() => expect(received).to.have.length(4));
        expect(received).to.deep.equal(['once/0 by 0', 'once/1 by 1', 'once/2 by 2', 'once/1 by 1']);
        await client.end();
      });
    }

    const markers: readonly (readonly [retained: string, read: RetainedMarker])[] = [
      ['', 'absent'],
      ['17.digest', { payload: '17.digest' }],
      ['x'.repeat(1_000), { payload: 'x'.repeat(100) }],
    ];
    for (const [retained, read] of markers) {
      it(`reads the marker ${retained.slice(0, 20) || '(none)'}`, async () => {
        const client = await TestClient.connect(broker.url);
        await client.publish(MARKER, retained, { retain: true });
        const replay = await create(newSentinel());
        expect(await replay.readMarker()).to.deep.equal(read);
        await client.deleteRetained(MARKER);
        await client.end();
      });
    }

    it('leaves nothing behind', async () => {
      const replay = await create(newSentinel());
      await replay.readMarker();
      await replay.run([{ filter: 'many/#', qos: 0 }]);
      await eventually(async () => expect(await controlTopicsAt(broker.url)).to.deep.equal([]));
    });
  });
}
