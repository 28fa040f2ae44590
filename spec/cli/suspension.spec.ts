/** A process that was suspended does not execute what it finds waiting when it goes on. */

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { inFull } from '../support/in-full.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { mosquittos, patience, Scene } from './scene.ts';

/** Longer than a worker may be late without a word, in milliseconds. */
const SUSPENDED_MS = 8_000;

for (const protocolVersion of inFull([4, 5], [4])) {
  describe(`mqttrep that was suspended, over MQTT ${protocolVersion === 5 ? '5' : '3.1.1'},`, function () {
    this.timeout(4 * patience);

    let scene: Scene;

    before(async function () {
      requireMosquitto(this);
      const configs = { OSLO: { protocolVersion }, PARIS: { protocolVersion } };
      scene = await Scene.start({ brokers: await mosquittos(['OSLO', 'PARIS']), configs });
    });

    after(() => scene?.stop());

    it('does not pass on an old command, and compares anew what is retained', async () => {
      const paris = await scene.watch('PARIS');
      await scene.publish('OSLO', 'door/state', 'closed', { retain: true });
      await scene.retainedEverywhere('door/state', 'closed');
      await scene.publish('OSLO', 'door/command', 'first');
      await paris.waitFor(({ topic, payload }) => topic === 'door/command' && payload === 'first', patience);
      scene.mqttrep.kill('SIGSTOP');
      await scene.publish('OSLO', 'door/command', 'open');
      await scene.publish('OSLO', 'door/state', 'locked', { retain: true });
      await sleep(SUSPENDED_MS);
      scene.mqttrep.kill('SIGCONT');
      await scene.mqttrep.line(/OSLO: mqttrep did not run for \d+ s/, patience);
      await scene.retainedEverywhere('door/state', 'locked');
      await scene.settled();
      await scene.publish('OSLO', 'door/command', 'last');
      await paris.waitFor(({ topic, payload }) => topic === 'door/command' && payload === 'last', patience);
      const commands = paris.messages.filter(({ topic }) => topic === 'door/command');
      expect(commands.map(({ payload }) => payload)).to.deep.equal(['first', 'last']);
    });
  });
}
