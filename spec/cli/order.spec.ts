/** The order in which subscribers of another broker are told of what was written within one tick. */

import { expect } from 'chai';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

for (const protocolVersion of [4, 5] as const) {
  describe(`Within one tick, over ${protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1'}, mqttrep`, function () {
    this.timeout(4 * patience);

    const fixtures = fixtureHooks({ stopAfter: 'all specs' });
    let fixture: ReplicationFixture;

    before(async () => {
      fixture = await fixtures.start({
        brokers: await mosquittos(['OSLO', 'PARIS']),
        configs: { OSLO: { protocolVersion }, PARIS: { protocolVersion } },
        environment: { MQTTREP_MERGE_FREQUENCY: '2' },
      });
      await fixture.watchAll();
    });

    it('keeps the order of the last changes of different topics', async () => {
      const topics = ['door/unlock', 'door/open', 'door/light'];
      for (const topic of topics) await fixture.publish('OSLO', topic, '0', { retain: true });
      for (const topic of topics) await fixture.copy('PARIS', topic);
      // The first topic changes once more, after all others.
      for (const topic of topics) await fixture.publish('OSLO', topic, '1', { retain: true });
      await fixture.publish('OSLO', 'door/unlock', '2', { retain: true });
      const watcher = await fixture.watch('PARIS');
      const last = ({ topic, payload }: { topic: string; payload: string }) =>
        topic === 'door/unlock' && payload === '2';
      await watcher.waitFor(last, patience);
      const told = watcher.messages.filter(
        ({ topic, payload }) => topic.startsWith('door/') && payload !== '0',
      );
      expect(told.at(-1)).to.include({ topic: 'door/unlock', payload: '2' });
      expect(told.map(({ topic }) => topic)).to.include.members(topics);
    });

    if (protocolVersion === 5) {
      it('hands on a retained message before a newer one that is not retained', async () => {
        for (let round = 0; round < 5; round++) {
          const topic = `state/${round}`;
          await fixture.publish('OSLO', topic, 'online', { retain: true });
          await fixture.publish('OSLO', topic, 'offline', { retain: false });
          const copies = await fixture.copies('PARIS', topic, 2);
          expect(copies.map(({ payload }) => payload)).to.deep.equal(['online', 'offline']);
        }
      });
    }
  });
}
