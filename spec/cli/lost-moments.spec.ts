/** A broker that loses the last moment, as at a power cut: what was written or deleted in it is not undone. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expectEqualBrokers } from '../support/equal.ts';
import { eventually } from '../support/eventually.ts';
import { inFull } from '../support/in-full.ts';
import { Link } from '../support/link.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { mosquittos, patience, Scene } from './scene.ts';

/** Power cuts in each spec. */
const ROUNDS = inFull(5, 1);

/** What a user may set who does not want to wait for the backoff. */
const quickly = { reconnectPeriod: 100 };

const VERSIONS = [
  ['MQTT 5', 5],
  ['MQTT 3.1.1', 4],
] as const;

describe('A broker that loses the last moment', function () {
  this.timeout(8 * patience);

  let scene: Scene;

  before(function () {
    requireMosquitto(this);
  });

  afterEach(() => scene?.stop());

  for (const [version, protocolVersion] of inFull(VERSIONS.slice(), VERSIONS.slice(0, 1))) {
    for (const isKilled of [false, true]) {
      it(`C27: has what was written and deleted in it again${isKilled ? ', though mqttrep is killed as well' : ''} (${version})`, async () => {
        const folder = tempFolder('mosquitto-db');
        const config = { ...quickly, protocolVersion };
        const { PARIS } = await mosquittos(['PARIS']);
        const OSLO = await startMosquitto({ persistence: folder });
        scene = await Scene.start({
          brokers: { OSLO, PARIS },
          configs: { OSLO: config, PARIS: config },
          environment: { MQTTREP_STORE: tempFolder('store') },
        });
        await publish('OSLO', 'value', 'first');
        await scene.retainedEverywhere('value', 'first');
        for (let round = 0; round < ROUNDS; round++) {
          const [deleted, meanwhile] = [`deleted/${round}`, `meanwhile/${round}`];
          for (const topic of [deleted, meanwhile]) {
            await publish('OSLO', topic, 'x');
            await scene.retainedEverywhere(topic, 'x');
          }
          await scene.settled();
          await save(OSLO, folder);
          await publish('OSLO', 'value', `${round}`);
          await publish('OSLO', deleted, '');
          await scene.retainedAt(['PARIS'], 'value', `${round}`);
          await scene.retainedAt(['PARIS'], deleted, undefined);
          await OSLO.kill();
          if (isKilled) await scene.mqttrep.stop('SIGKILL');
          await OSLO.start();
          if (isKilled) {
            // A client at that broker comes back earlier than mqttrep does.
            await publish('OSLO', meanwhile, 'y');
            scene.run();
            await scene.retainedEverywhere(meanwhile, 'y');
          }
          await scene.retainedEverywhere('value', `${round}`);
          await scene.retainedEverywhere(deleted, undefined);
        }
        await scene.settled();
        await expectEqualBrokers(scene.urls, { within: patience });
        await scene.retainedEverywhere('value', `${ROUNDS - 1}`);
      });
    }
  }

  for (const [version, protocolVersion] of inFull(VERSIONS.slice(), VERSIONS.slice(1))) {
    it(`C28: keeps at QoS 0 what was written there while its link was cut (${version})`, async () => {
      const brokers = await mosquittos(['OSLO', 'PARIS']);
      const link = await Link.to(brokers.OSLO.port);
      const config = { ...quickly, protocolVersion, maxQos: 0 };
      scene = await Scene.start({
        brokers,
        links: { OSLO: link },
        configs: { OSLO: config, PARIS: config },
        environment: { MQTTREP_STORE: tempFolder('store') },
      });
      const atParis = await scene.watch('PARIS');
      // What follows a change at OSLO is still on the link as that arrives in PARIS.
      link.delay = 100;
      for (let round = 0; round < ROUNDS; round++) {
        await publish('PARIS', 'value', `of PARIS ${round}`);
        await scene.retainedEverywhere('value', `of PARIS ${round}`);
        await publish('OSLO', 'other', `${round}`);
        await atParis.waitFor(({ topic, payload }) => topic === 'other' && payload === `${round}`, patience);
        link.cut();
        await publish('OSLO', 'value', `of OSLO ${round}`);
        link.heal();
        await scene.retainedEverywhere('value', `of OSLO ${round}`);
      }
      await scene.settled();
      await expectEqualBrokers(scene.urls, { within: patience });
    });
  }

  /** By a client of the moment: those that watch are gone with their broker. */
  async function publish(site: string, topic: string, payload: string): Promise<void> {
    const client = await scene.client(site);
    await client.publish(topic, payload, { retain: true, qos: 1 });
    await client.end();
  }
});

/** Has mosquitto save what it retains, as it does from time to time. */
async function save({ pid }: TestBroker, folder: string): Promise<void> {
  const file = join(folder, 'mosquitto.db');
  const before = modified(file);
  process.kill(pid ?? 0, 'SIGUSR1');
  await eventually(
    () => {
      if (modified(file) === before) throw new Error('mosquitto has not saved');
    },
    { within: patience },
  );
}

function modified(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
