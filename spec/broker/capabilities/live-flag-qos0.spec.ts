/** If a broker leaves the retain flag on live messages of QoS 0 over MQTT 3.1.1, none of them counts as a late replay. */

import { expect } from 'chai';
import { flagsLiveQos0 } from '../../support/broker-quirks.ts';
import { flagFixtureHooks } from '../retained/flag-fixture.ts';

for (const flag of ['leaves', 'clears'] as const) {
  describe(`BrokerActor at a broker that ${flag} the retain flag of live messages of QoS 0 over MQTT 3.1.1`, () => {
    const fixture = flagFixtureHooks({
      protocolVersion: 4,
      oddity: () => (flag === 'leaves' ? flagsLiveQos0() : {}),
      clientThroughRelay: true,
      subscriptions: [{ filter: 'kept/#', qos: 1 }],
      before: async client => {
        await client.publish('kept/before', 'x', { retain: true, qos: 0 });
        await client.publish('kept/before1', 'x', { retain: true, qos: 1 });
      },
    });

    it('observes a live retained message of QoS 0', async () => {
      await fixture().client.publish('kept/before', 'y', { retain: true, qos: 0 });
      const retained = flag === 'leaves' ? true : undefined;
      expect(await fixture().shown('kept/before', 'y')).to.include({ replay: false, retained });
    });

    it('observes a live message of QoS 1, of which nothing tells whether it is retained', async () => {
      await fixture().client.publish('kept/live', 'z', { retain: true, qos: 1 });
      expect(await fixture().shown('kept/live', 'z')).to.include({ replay: false, retained: undefined });
    });

    it('takes no replayed message for live', async () => {
      await fixture().client.publish('kept/last', 'last', { retain: true, qos: 1 });
      await fixture().shown('kept/last', 'last');
      const told = fixture()
        .actor.observations()
        .filter(({ topic }) => topic.startsWith('kept/before'));
      expect(told.map(({ topic, replay }) => `${topic} ${replay}`)).to.have.members([
        'kept/before true',
        'kept/before1 true',
      ]);
    });
  });
}
