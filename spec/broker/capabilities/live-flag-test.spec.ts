/** Where a broker drops the retain flag of live messages over MQTT 5, what is retained is not taken for passing. */

import { expect } from 'chai';
import type { Observation } from '../../../lib/protocol/observation.ts';
import { packProperties, SENDER, STAMP } from '../../../lib/protocol/properties.ts';
import { Stamps } from '../../../lib/protocol/stamps.ts';
import { TestClient } from '../../support/client.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { DROPS_LIVE_FLAGS } from '../../support/oddities.ts';
import { PacketRelay } from '../../support/packet-relay.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { BrokerActorFixture, START } from '../broker-actor-fixture.ts';
import { controlTopicsAt } from '../makes.ts';

for (const flag of ['keeps', 'drops'] as const) {
  describe(`Broker actor at a broker that ${flag} the retain flag of live messages over MQTT 5`, () => {
    let broker: TestBroker;
    let relay: PacketRelay;
    let fixture: BrokerActorFixture;
    let client: TestClient;

    beforeEach(async function () {
      requireMosquitto(this);
      broker = await startMosquitto();
      relay = await PacketRelay.before(broker.port, flag === 'drops' ? DROPS_LIVE_FLAGS : {});
      client = await TestClient.connect(broker.url, { protocolVersion: 5 });
      await client.publish('wild/before', 'x', { retain: true });
      const subscriptions = [
        { filter: 'wild/#', qos: 1 },
        { filter: 'exact', qos: 1 },
      ] as const;
      fixture = new BrokerActorFixture(relay.url, { options: { protocolVersion: 5 }, subscriptions });
      await fixture.replayed();
    });

    afterEach(async () => {
      await client?.end();
      await fixture?.stop();
      await relay?.close();
      await broker?.stop();
    });

    const shown = async (topic: string): Promise<Observation> => {
      const told = await fixture.heard(one => one.kind === 'observation' && one.topic === topic);
      return told as unknown as Observation;
    };
    const hidden = flag === 'drops' ? undefined : false;

    it('knows what is replayed for retained', async () => {
      expect(await shown('wild/before')).to.include({ replay: true, retained: true });
    });

    it(`${flag === 'drops' ? 'does not know' : 'knows'} of a live message whether it is retained`, async () => {
      await client.publish('wild/kept', 'x', { retain: true });
      await client.publish('wild/passing', 'x');
      expect(await shown('wild/kept')).to.include({ retained: flag === 'drops' ? undefined : true });
      expect(await shown('wild/passing')).to.include({ retained: hidden });
    });

    it('believes a flag where there is one all the same', async () => {
      await client.publish('exact', 'x', { retain: true });
      expect(await shown('exact')).to.include({ retained: true, replay: false });
    });

    it('has the rest of MQTT 5', async () => {
      const version = { time: 1, counter: 0, replica: 'us' };
      const properties = packProperties({ userProperties: { by: 'spec' } });
      const content = { topic: 'wild/ours', payload: Buffer.from('x'), properties };
      const sender = new Stamps(START.replica, START.secret).sender(content, version);
      const userProperties = { by: 'spec', [STAMP]: '1.0.us', [SENDER]: sender };
      await client.publish('wild/ours', 'x', { retain: true, properties: { userProperties } });
      const ours = await shown('wild/ours');
      expect(ours).to.deep.include({ own: true, stamp: version });
      expect(ours.properties).to.include('spec');
    });

    it(`${flag === 'drops' ? 'says so, and' : 'has nothing to say, and'} leaves nothing behind`, async () => {
      await fixture.reported(one => one.kind === 'log' && one.message.includes('connected with'));
      expect(fixture.log.includes('drops the retain flag')).to.equal(flag === 'drops');
      await fixture.stop();
      expect(await controlTopicsAt(broker.url)).to.deep.equal([]);
    });
  });
}
