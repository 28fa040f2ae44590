/** Where a broker leaves the retain flag on live messages of QoS 0 over MQTT 3.1.1, none of them is taken for a late replay. */

import { expect } from 'chai';
import type { Observation } from '../../../lib/protocol/observation.ts';
import { TestClient } from '../../support/client.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { flagsLiveQos0 } from '../../support/oddities.ts';
import { PacketRelay } from '../../support/packet-relay.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { BrokerActorFixture } from '../broker-actor-fixture.ts';

for (const flag of ['leaves', 'clears'] as const) {
  describe(`Broker actor at a broker that ${flag} the retain flag of live messages of QoS 0 over MQTT 3.1.1`, () => {
    let broker: TestBroker;
    let relay: PacketRelay;
    let fixture: BrokerActorFixture;
    let client: TestClient;

    beforeEach(async function () {
      requireMosquitto(this);
      broker = await startMosquitto();
      relay = await PacketRelay.before(broker.port, flag === 'leaves' ? flagsLiveQos0() : {});
      client = await TestClient.connect(relay.url, { protocolVersion: 4 });
      await client.publish('kept/before', 'x', { retain: true, qos: 0 });
      await client.publish('kept/before1', 'x', { retain: true, qos: 1 });
      const subscriptions = [{ filter: 'kept/#', qos: 1 }] as const;
      fixture = new BrokerActorFixture(relay.url, { options: { protocolVersion: 4 }, subscriptions });
      await fixture.replayed();
    });

    afterEach(async () => {
      await client?.end();
      await fixture?.stop();
      await relay?.close();
      await broker?.stop();
    });

    const shown = async (topic: string, payload: string): Promise<Observation> => {
      const told = await fixture.heard(
        one => one.kind === 'observation' && one.topic === topic && String(one.payload) === payload,
      );
      return told as unknown as Observation;
    };

    it('hears a live retained message of QoS 0', async () => {
      await client.publish('kept/before', 'y', { retain: true, qos: 0 });
      const retained = flag === 'leaves' ? true : undefined;
      expect(await shown('kept/before', 'y')).to.include({ replay: false, retained });
    });

    it('hears one of QoS 1, of which nothing tells whether it is retained', async () => {
      await client.publish('kept/live', 'z', { retain: true, qos: 1 });
      expect(await shown('kept/live', 'z')).to.include({ replay: false, retained: undefined });
    });

    it('takes nothing that was replayed for live', async () => {
      await client.publish('kept/last', 'last', { retain: true, qos: 1 });
      await shown('kept/last', 'last');
      const told = fixture.observations().filter(({ topic }) => topic.startsWith('kept/before'));
      expect(told.map(({ topic, replay }) => `${topic} ${replay}`)).to.have.members([
        'kept/before true',
        'kept/before1 true',
      ]);
    });
  });
}
