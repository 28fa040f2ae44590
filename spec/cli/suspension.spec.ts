/** A process that was suspended does not execute what it finds waiting when it goes on. */

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { inFull } from '../support/in-full.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

/** Longer than a worker may be late without a word, in milliseconds. */
const SUSPENDED_MS = 6_500;

for (const protocolVersion of inFull([4, 5], [4])) {
  describe(`mqttrep that was suspended, over MQTT ${protocolVersion === 5 ? '5' : '3.1.1'},`, function () {
    this.timeout(4 * patience);

    const fixtures = fixtureHooks({ stopAfter: 'all specs' });
    let fixture: ReplicationFixture;

    before(async () => {
      const configs = { OSLO: { protocolVersion }, PARIS: { protocolVersion } };
      fixture = await fixtures.start({ brokers: await mosquittos(['OSLO', 'PARIS']), configs });
    });

    it('does not pass on an old command, and compares again what is retained', async () => {
      const paris = await fixture.watch('PARIS');
      await fixture.publish('OSLO', 'door/state', 'closed', { retain: true });
      await fixture.retainedEverywhere('door/state', 'closed');
      await fixture.publish('OSLO', 'door/command', 'first');
      await paris.waitFor(({ topic, payload }) => topic === 'door/command' && payload === 'first', patience);
      fixture.mqttrep.kill('SIGSTOP');
      await fixture.publish('OSLO', 'door/command', 'open');
      await fixture.publish('OSLO', 'door/state', 'locked', { retain: true });
      await sleep(SUSPENDED_MS);
      fixture.mqttrep.kill('SIGCONT');
      await fixture.mqttrep.line(/OSLO: mqttrep did not run for \d+ s/, patience);
      await fixture.retainedEverywhere('door/state', 'locked');
      await fixture.settled();
      await fixture.publish('OSLO', 'door/command', 'last');
      await paris.waitFor(({ topic, payload }) => topic === 'door/command' && payload === 'last', patience);
      const commands = paris.messages.filter(({ topic }) => topic === 'door/command');
      expect(commands.map(({ payload }) => payload)).to.deep.equal(['first', 'last']);
    });
  });
}
