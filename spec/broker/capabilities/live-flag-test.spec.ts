/** If a broker drops the retain flag of live messages over MQTT 5, retained messages do not count as transient. */

import { expect } from 'chai';
import { packProperties, SENDER, STAMP } from '../../../lib/protocol/properties.ts';
import { Stamps } from '../../../lib/protocol/stamps.ts';
import { DROPS_LIVE_FLAGS } from '../../support/broker-quirks.ts';
import { eventually } from '../../support/eventually.ts';
import { START } from '../broker-actor-fixture.ts';
import { controlTopicsAt } from '../makes.ts';
import { flagFixtureHooks } from '../retained/flag-fixture.ts';

for (const flag of ['keeps', 'drops'] as const) {
  describe(`BrokerActor at a broker that ${flag} the retain flag of live messages over MQTT 5`, () => {
    const fixture = flagFixtureHooks({
      protocolVersion: 5,
      oddity: () => (flag === 'drops' ? DROPS_LIVE_FLAGS : {}),
      subscriptions: [
        { filter: 'wild/#', qos: 1 },
        { filter: 'exact', qos: 1 },
      ],
      before: client => client.publish('wild/before', 'x', { retain: true }),
    });
    const hidden = flag === 'drops' ? undefined : false;

    it('knows that a replayed message is retained', async () => {
      expect(await fixture().shown('wild/before')).to.include({ replay: true, retained: true });
    });

    it(`${flag === 'drops' ? 'does not know' : 'knows'} of a live message whether it is retained`, async () => {
      const { client } = fixture();
      await client.publish('wild/kept', 'x', { retain: true });
      await client.publish('wild/passing', 'x');
      expect(await fixture().shown('wild/kept')).to.include({
        retained: flag === 'drops' ? undefined : true,
      });
      expect(await fixture().shown('wild/passing')).to.include({ retained: hidden });
    });

    it('believes a flag that is set all the same', async () => {
      await fixture().client.publish('exact', 'x', { retain: true });
      expect(await fixture().shown('exact')).to.include({ retained: true, replay: false });
    });

    it('uses the other properties of MQTT 5', async () => {
      const version = { time: 1, counter: 0, replica: 'us' };
      const properties = packProperties({ userProperties: { by: 'spec' } });
      const content = { topic: 'wild/ours', payload: Buffer.from('x'), properties };
      const sender = new Stamps(START.replica, START.secret).sender(content, version);
      const userProperties = { by: 'spec', [STAMP]: '1.0.us', [SENDER]: sender };
      await fixture().client.publish('wild/ours', 'x', { retain: true, properties: { userProperties } });
      const ours = await fixture().shown('wild/ours');
      expect(ours).to.deep.include({ own: true, stamp: version });
      expect(ours.properties).to.include('spec');
    });

    it(`${flag === 'drops' ? 'logs it, and' : 'logs nothing, and'} leaves nothing behind`, async () => {
      const { actor, broker } = fixture();
      await actor.reported(one => one.kind === 'log' && one.message.includes('connected with'));
      expect(actor.log.includes('drops the retain flag')).to.equal(flag === 'drops');
      await actor.stop();
      // The broker may read the end of that connection after the beginning of the next one.
      await eventually(async () => expect(await controlTopicsAt(broker.url)).to.deep.equal([]));
    });
  });
}
