/** Several mqttreps over the same brokers. */

import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { controlMessagesAt } from '../broker/makes.ts';
import { mosquittos, patience, Scene } from '../cli/scene.ts';
import { eventually } from '../support/eventually.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { expectPeace, Writers, withChance } from './trial.ts';

const KILLS = 5;

describe('Two mqttreps over the same two brokers', function () {
  this.timeout(0);

  let scene: Scene;
  let second: MqttrepProcess | undefined;

  before(function () {
    requireMosquitto(this);
  });

  afterEach(async () => {
    await second?.stop();
    second = undefined;
    await scene?.stop();
  });

  it('converge over MQTT 5, though one of them is killed again and again', () =>
    withChance(async random => {
      const config = { protocolVersion: 5, reconnectPeriod: 100 };
      scene = await Scene.start({
        brokers: await mosquittos(['OSLO', 'PARIS']),
        configs: { OSLO: config, PARIS: config },
        environment: { MQTTREP_STORE: tempFolder('store') },
      });
      const environment = { ...scene.environment, MQTTREP_STORE: tempFolder('store') };
      const topics = Array.from({ length: 10 }, (_, index) => `t/${index}`);
      const writers = new Writers(scene, { sites: scene.sites, topics, rate: 30, deletions: 0.1 }, random);
      for (let kill = 0; kill < KILLS; kill++) {
        second = startMqttrep(environment);
        await wait(200 + random() * 2_000);
        await second.stop('SIGKILL');
      }
      second = startMqttrep(environment);
      await second.line('PARIS: connected with', patience);
      await wait(2_000);
      await writers.stop();
      await expectPeace(scene);
    }));

  it('notice each other over MQTT 3.1.1, and say so loudly', async () => {
    const config = { protocolVersion: 4 };
    scene = await Scene.start({
      brokers: await mosquittos(['OSLO', 'PARIS']),
      configs: { OSLO: config, PARIS: config },
    });
    second = startMqttrep({ ...scene.environment, MQTTREP_STORE: tempFolder('store') });
    for (const site of scene.sites) {
      for (const process of [scene.mqttrep, second]) {
        await process.line(
          new RegExp(`error.*${site}: another replicator .* nothing is guaranteed`),
          patience,
        );
      }
    }
  });

  it('know each other no more once one of them was killed: its will says that it is gone', async () => {
    scene = await Scene.start({ brokers: await mosquittos(['OSLO', 'PARIS']) });
    second = startMqttrep({ ...scene.environment, MQTTREP_STORE: tempFolder('store') });
    for (const site of scene.sites) await second.line(`${site}: connected with`, patience);
    await presentAt(scene, 2);
    await second.stop('SIGKILL');
    await presentAt(scene, 1);
    await scene.mqttrep.stop();
    await presentAt(scene, 0);
  });
});

/** Resolves when so many replicators are present at each broker; of the others some may say that they are gone. */
async function presentAt(scene: Scene, count: number): Promise<void> {
  for (const url of scene.urls) {
    const present = async () => {
      const left = [...(await controlMessagesAt(url))];
      return left.filter(([topic, payload]) => topic.includes('/presence/') && payload.startsWith('online'));
    };
    await eventually(async () => expect(await present()).to.have.length(count), { within: patience });
  }
}
