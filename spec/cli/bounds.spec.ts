/** What is beyond a limit is left out and said; what is within it is replicated as ever. */

import { expect } from 'chai';
import { inFull } from '../support/in-full.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, type ReplicationFixture } from './replication-fixture.ts';

for (const protocolVersion of inFull([4, 5], [5])) {
  describe(`Limits of what is taken in by MQTT ${protocolVersion === 4 ? '3.1.1' : '5'}`, function () {
    this.timeout(60_000);
    const fixtures = fixtureHooks();
    let fixture: ReplicationFixture;

    async function start(environment: Readonly<Record<string, string>>): Promise<void> {
      const configs = { OSLO: { protocolVersion }, PARIS: { protocolVersion } };
      fixture = await fixtures.start({
        brokers: await mosquittos(['OSLO', 'PARIS'], { config: ['set_tcp_nodelay true'] }),
        configs,
        environment: { MQTTREP_STORE: tempFolder('bounds'), ...environment },
      });
    }

    it('payloads: other messages pass by, the large one is said, and nothing is taken for deleted', async () => {
      await start({ MQTTREP_MAX_PAYLOAD: '10000' });
      const retain = { retain: true };
      await fixture.publish('OSLO', 'photo', 'small', retain);
      await fixture.retainedEverywhere('photo', 'small');
      await fixture.marked();
      await fixture.publish('OSLO', 'photo', 'x'.repeat(1_000_000), retain);
      await fixture.publish('OSLO', 'film', 'x'.repeat(2_000_000), retain);
      await fixture.publish('OSLO', 'text', 'x'.repeat(10_000), retain);
      await fixture.retainedEverywhere('text', 'x'.repeat(10_000));
      await fixture.mqttrep.line(/OSLO: "photo" is not replicated: .* more than MQTTREP_MAX_PAYLOAD/, 10_000);
      await fixture.marked();
      await fixture.mqttrep.stop();
      fixture.run();
      await fixture.connected('OSLO', 'PARIS');
      await fixture.publish('PARIS', 'after', '1', retain);
      await fixture.retainedEverywhere('after', '1');
      const retained = await retainedOf(fixture.broker('PARIS').url, '#');
      expect(retained.get('photo'), 'what was replicated before').to.equal('small');
      expect(retained.has('film')).to.equal(false);
      // Whoever writes what is within the limit has it everywhere again.
      await fixture.publish('PARIS', 'photo', 'smaller', retain);
      await fixture.retainedEverywhere('photo', 'smaller');
    });

    it('topics: new ones are refused, known ones go on', async () => {
      await start({ MQTTREP_MAX_TOPICS: '11' });
      // Two more are the fixture's own.
      const topics = Array.from({ length: 9 }, (_, index) => `t${index}`);
      for (const topic of topics) await fixture.publish('OSLO', topic, '1', { retain: true });
      await fixture.settled();
      await fixture.publish('OSLO', 'one/too/many', '1', { retain: true });
      await fixture.mqttrep.line(/there are 11 topics, .* raise MQTTREP_MAX_TOPICS/, 10_000);
      for (const topic of topics) await fixture.publish('PARIS', topic, '2', { retain: true });
      for (const topic of topics) await fixture.retainedEverywhere(topic, '2');
      expect((await retainedOf(fixture.broker('PARIS').url, '#')).has('one/too/many')).to.equal(false);
    });
  });
}
