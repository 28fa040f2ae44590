/** A broker that keeps one subscription for each QoS, as RabbitMQ 3 does, delivers each message to mqttrep once all the same. */

import { expect } from 'chai';
import { QosUpgradeTest } from '../../../lib/broker/capabilities/qos-upgrade-test.ts';
import type { Connection } from '../../../lib/broker/connection/connection.ts';
import { type AedesBroker, startAedes } from '../../support/aedes-broker.ts';
import { TestClient } from '../../support/client.ts';
import { BrokerActorFixture } from '../broker-actor-fixture.ts';
import { controlTopicsAt } from '../makes.ts';
import { openConnection } from '../open-connection.ts';

for (const resubscription of ['adds', 'replaces', 'hides what is replayed'] as const) {
  describe(`BrokerActor at a broker where a second SUBSCRIBE ${resubscription}`, () => {
    let broker: AedesBroker;
    let fixture: BrokerActorFixture;

    beforeEach(async () => {
      broker = await startAedes({ resubscription });
      fixture = new BrokerActorFixture(broker.url, {
        options: { protocolVersion: 4 },
        subscriptions: [
          { filter: 'a/#', qos: 0 },
          { filter: 'b/#', qos: 1 },
        ],
      });
    });

    afterEach(async () => {
      await fixture?.stop();
      await broker?.stop();
    });

    const payloadsOf = (topic: string) =>
      fixture.observations().flatMap(one => (one.topic === topic ? [one.payload] : []));

    it('takes no replayed message for a new write', async () => {
      const client = await TestClient.connect(broker.url);
      await client.publish('b/1', 'kept', { qos: 1, retain: true });
      await fixture.replayed();
      await broker.kill();
      await broker.start();
      await fixture.replayed(2);
      fixture.publish(2, { topic: 'b/end', payload: 'end' });
      await fixture.heard(told => told.kind === 'observation' && told.payload === 'end');
      await client.end();
      const again = fixture.told
        .slice(fixture.kinds.lastIndexOf('session-started'))
        .filter(({ kind }) => kind === 'observation');
      expect(again.map(one => ('replay' in one ? [one.topic, one.replay] : []))).to.deep.equal([
        ['b/1', true],
        ['b/end', false],
      ]);
    });

    for (const session of [1, 2]) {
      it(`sees each message once, in session ${session}`, async () => {
        await fixture.replayed();
        if (session === 2) {
          await broker.kill();
          await broker.start();
          await fixture.replayed(2);
        }
        const client = await TestClient.connect(broker.url);
        for (const topic of ['a/1', 'b/1']) {
          for (const payload of ['1', '2', 'last']) await client.publish(topic, payload, { qos: 1 });
        }
        await fixture.heard(
          told => told.kind === 'observation' && told.topic === 'b/1' && told.payload === 'last',
        );
        await client.publish('b/1', 'end', { qos: 1 });
        await fixture.heard(told => told.kind === 'observation' && told.payload === 'end');
        await client.end();
        expect(payloadsOf('a/1')).to.deep.equal(['1', '2', 'last']);
        expect(payloadsOf('b/1')).to.deep.equal(['1', '2', 'last', 'end']);
      });
    }

    it('leaves no message of the test behind, and tells the reconciler nothing of it', async () => {
      await fixture.replayed();
      await fixture.stop();
      expect(fixture.observations()).to.deep.equal([]);
      expect(await controlTopicsAt(broker.url)).to.deep.equal([]);
    });
  });
}

describe('QosUpgradeTest at a broker that never sets the retain flag', () => {
  let broker: AedesBroker;
  let connection: Connection;

  afterEach(async () => {
    await connection?.end();
    await broker?.stop();
  });

  it('finds that a second SUBSCRIBE hides what is replayed, as at a broker that sets the flag with QoS 0 only', async () => {
    broker = await startAedes({ flagsReplays: false });
    connection = await openConnection(broker.url);
    const test = new QosUpgradeTest('mqttrep/us/replay/spec/twice');
    connection.receive((packet, done) => {
      test.observe(packet);
      done();
    });
    expect(await test.run(connection)).to.equal('hides what is replayed');
  });
});
