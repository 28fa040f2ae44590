/** `MQTTREP_MAP_HOMEASSISTANT`: Home Assistant at another broker finds devices under the names that the topics have there. */

import { expect } from 'chai';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience } from './replication-fixture.ts';

const CONFIG = 'homeassistant/light/lamp/config';

describe('A discovery payload of Home Assistant', function () {
  this.timeout(6 * patience);
  const fixtures = fixtureHooks();

  const environment = {
    MQTTREP_TOPIC_home: 'z/#',
    MQTTREP_TOPIC_discovery: 'homeassistant/#',
    MQTTREP_MAP_a: 'z/# -> cabin/z/$rest',
    MQTTREP_MAP_BROKERS_a: 'PARIS',
    MQTTREP_MAP_HOMEASSISTANT: 'true',
  };
  const atOslo =
    '{"name":"Lamp","~":"z/lamp","stat_t":"~","cmd_t":"~/set","availability":[{"topic":"z/bridge"}]}';
  const atParis =
    '{"name":"Lamp","~":"cabin/z/lamp","stat_t":"~","cmd_t":"~/set","availability":[{"topic":"cabin/z/bridge"}]}';

  for (const protocolVersion of [5, 4] as const) {
    it(`names the topics of each broker, both ways, once (MQTT ${protocolVersion === 5 ? '5' : '3.1.1'})`, async () => {
      const fixture = await fixtures.start({
        brokers: await mosquittos(['OSLO', 'PARIS']),
        configs: { OSLO: { protocolVersion }, PARIS: { protocolVersion } },
        environment,
      });
      await fixture.watchAll();
      await fixture.publish('OSLO', CONFIG, atOslo, { retain: true });
      await fixture.retainedAt(['PARIS'], CONFIG, atParis);
      await fixture.publish('PARIS', CONFIG, atParis.replace('Lamp', 'Light'), { retain: true });
      await fixture.retainedAt(['OSLO'], CONFIG, atOslo.replace('Lamp', 'Light'));
      await fixture.publish('OSLO', 'homeassistant/tag/x/config', 'no JSON', { retain: true });
      await fixture.retainedAt(['PARIS'], 'homeassistant/tag/x/config', 'no JSON');
      await fixture.settled();
      // Neither flips back.
      await fixture.retainedAt(['OSLO'], CONFIG, atOslo.replace('Lamp', 'Light'));
      await fixture.retainedAt(['PARIS'], CONFIG, atParis.replace('Lamp', 'Light'));
      for (const site of ['OSLO', 'PARIS']) {
        const seen = (await fixture.seen(site, CONFIG)).map(({ payload }) => payload);
        // Over MQTT 3.1.1 a subscriber may see a message twice.
        const values = seen.filter((payload, index) => payload !== seen[index - 1]);
        expect(values, site).to.have.lengthOf(2);
      }
    });
  }
});
