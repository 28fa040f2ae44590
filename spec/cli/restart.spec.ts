/** What happens to the brokers while mqttrep is not there, and to mqttrep's memory of them. */

import { expectEqualBrokers } from '../support/equal.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

describe('mqttrep, after it was away,', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  for (const [version, protocolVersion, signal, bytes] of [
    ['MQTT 5', 5, 'SIGKILL', 10],
    ['MQTT 3.1.1', 4, 'SIGTERM', 10],
    ['MQTT 5', 5, 'SIGTERM', 500_000],
    ['MQTT 3.1.1', 4, 'SIGKILL', 500_000],
  ] as const) {
    it(`by ${signal}: carries what was written and what was deleted meanwhile (${version}, ${bytes} bytes)`, async () => {
      const config = { protocolVersion };
      const before = 'before'.padEnd(bytes, '.');
      const meanwhile = 'meanwhile'.padEnd(bytes, '.');
      fixture = await fixtures.start({
        brokers: await mosquittos(['OSLO', 'PARIS']),
        configs: { OSLO: config, PARIS: config },
        environment: { MQTTREP_STORE: tempFolder('store') },
      });
      for (const topic of ['same', 'changed', 'deleted']) {
        await fixture.publish('OSLO', topic, before, { retain: true });
        await fixture.retainedEverywhere(topic, before);
      }
      await fixture.settled();
      // What is recorded of a marker is stored along with the next change.
      await fixture.marked();
      await fixture.marked();
      await fixture.mqttrep.stop(signal);
      await fixture.publish('PARIS', 'changed', meanwhile, { retain: true });
      await fixture.publish('PARIS', 'deleted', '', { retain: true });
      await fixture.publish('PARIS', 'added', meanwhile, { retain: true });
      fixture.run();
      await fixture.retainedEverywhere('added', meanwhile);
      await fixture.retainedEverywhere('changed', meanwhile);
      await fixture.retainedEverywhere('deleted', undefined);
      await fixture.retainedEverywhere('same', before);
      await fixture.settled();
      await expectEqualBrokers(fixture.urls, { within: patience });
    });
  }
});
