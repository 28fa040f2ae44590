/** mqttrep as a device of Home Assistant: found by MQTT discovery at the named brokers, and removed again. */

import { expect } from 'chai';
import { TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { Link } from '../support/link.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { command } from './command.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience } from './replication-fixture.ts';

/** The retained messages under both of its places. */
async function shownAt({ url }: TestBroker): Promise<Map<string, string>> {
  const client = await TestClient.connect(url);
  await client.publish('$sentinel/ha', 'the end', { retain: true });
  await client.subscribe(['homeassistant/#', 'mqttrep/+/homeassistant/#', '$sentinel/ha'], { qos: 0 });
  await client.waitFor(({ topic }) => topic === '$sentinel/ha', patience);
  const shown = client.messages.filter(({ topic, retain }) => retain && !topic.startsWith('$'));
  await client.end();
  return new Map(shown.map(({ topic, payload }) => [topic, payload]));
}

describe('mqttrep as a device of Home Assistant', function () {
  this.timeout(8 * patience);

  const fixtures = fixtureHooks();

  it('appears at the named broker only, with its state, and says when mqttrep stops', async () => {
    const brokers = await mosquittos(['HOME', 'PARIS']);
    const link = await Link.to(brokers.PARIS.port);
    const environment = { MQTTREP_HOMEASSISTANT: 'HOME', MQTTREP_STORE: tempFolder('store') };
    const fixture = await fixtures.start({ brokers, links: { PARIS: link }, environment });
    const found = async () => {
      const shown = await shownAt(brokers.HOME);
      const config = [...shown.keys()].find(topic =>
        /^homeassistant\/device\/mqttrep_[\w-]+\/config$/.test(topic),
      );
      const discovery = JSON.parse(shown.get(config ?? '') ?? 'null');
      const state = JSON.parse(shown.get(discovery?.state_topic) ?? 'null');
      return { discovery, state, availability: shown.get(discovery?.availability_topic) };
    };
    await eventually(async () => expect((await found()).state?.connected_PARIS).to.equal('on'), {
      within: 3 * patience,
    });
    const { discovery, state, availability } = await found();
    expect(discovery.device).to.include({ name: 'mqttrep' });
    expect(discovery.components).to.include.keys(
      ...[
        'problem',
        'diverging',
        'refused',
        'conflicts',
        'lag',
        'connected_HOME',
        'connected_PARIS',
        'lag_PARIS',
      ],
    );
    for (const component of Object.values(discovery.components) as Record<string, string>[]) {
      const key = /value_json\.(\w+)/.exec(component['value_template'] ?? '')?.[1] ?? '';
      expect(state, 'each component reads a key that exists').to.have.property(key);
      expect(component['unique_id']).to.contain('mqttrep_');
    }
    expect(state).to.include({ problem: 'off', connected_HOME: 'on', diverging: 0 });
    expect(availability).to.equal('online');
    await fixture.publish('HOME', 'canards/name', 'Saturnin', { retain: true });
    await fixture.retainedEverywhere('canards/name', 'Saturnin');
    expect([...(await shownAt(brokers.PARIS)).keys()]).to.deep.equal([]);

    link.cut();
    await eventually(
      async () => expect((await found()).state).to.include({ problem: 'on', connected_PARIS: 'off' }),
      { within: 3 * patience },
    );
    await fixture.mqttrep.stop();
    expect((await found()).availability).to.equal('offline');

    // Not at this broker any more.
    link.heal();
    const again = fixtures.create({ brokers, environment: { ...environment, MQTTREP_HOMEASSISTANT: 'off' } });
    again.run();
    await eventually(
      async () =>
        expect(
          [...(await shownAt(brokers.HOME)).keys()].filter(topic => topic.startsWith('homeassistant/')),
        ).to.deep.equal([]),
      { within: 3 * patience },
    );
    await again.mqttrep.stop();
    await link.close();
  });

  it('needs brokers that exist', async () => {
    const { code, stderr } = await command(['check'], {
      MQTTREP_CLIENT_HOME: 'mqtt://localhost',
      MQTTREP_CLIENT_PARIS: 'mqtt://paris.example',
      MQTTREP_TOPIC_all: '#',
      MQTTREP_HOMEASSISTANT: 'HOUSE',
    });
    expect(code).to.equal(78);
    expect(stderr).to.contain('MQTTREP_HOMEASSISTANT: no broker has the name "HOUSE"');
  });
});
