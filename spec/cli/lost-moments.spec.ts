/** A broker that loses the last moment, as at a power cut: what was written or deleted in it is not undone. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expectEqualBrokers } from '../support/equal.ts';
import { eventually } from '../support/eventually.ts';
import { inFull } from '../support/in-full.ts';
import { Link } from '../support/link.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

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

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  for (const [version, protocolVersion] of inFull(VERSIONS.slice(), VERSIONS.slice(0, 1))) {
    for (const isKilled of [false, true]) {
      it(`C27: has what was written and deleted in it again${isKilled ? ', though mqttrep is killed as well' : ''} (${version})`, async () => {
        const folder = tempFolder('mosquitto-db');
        const config = { ...quickly, protocolVersion };
        const { PARIS } = await mosquittos(['PARIS']);
        const OSLO = await startMosquitto({ persistence: folder });
        fixture = await fixtures.start({
          brokers: { OSLO, PARIS },
          configs: { OSLO: config, PARIS: config },
          environment: { MQTTREP_STORE: tempFolder('store') },
        });
        await publish('OSLO', 'value', 'first');
        await fixture.retainedEverywhere('value', 'first');
        for (let round = 0; round < ROUNDS; round++) {
          const [deleted, meanwhile] = [`deleted/${round}`, `meanwhile/${round}`];
          for (const topic of [deleted, meanwhile]) {
            await publish('OSLO', topic, 'x');
            await fixture.retainedEverywhere(topic, 'x');
          }
          await fixture.settled();
          await save(OSLO, folder);
          await publish('OSLO', 'value', `${round}`);
          await publish('OSLO', deleted, '');
          await fixture.retainedAt(['PARIS'], 'value', `${round}`);
          await fixture.retainedAt(['PARIS'], deleted, undefined);
          await OSLO.kill();
          if (isKilled) await fixture.mqttrep.stop('SIGKILL');
          await OSLO.start();
          if (isKilled) {
            // A client at that broker comes back earlier than mqttrep does.
            await publish('OSLO', meanwhile, 'y');
            fixture.run();
            await fixture.retainedEverywhere(meanwhile, 'y');
          }
          await fixture.retainedEverywhere('value', `${round}`);
          await fixture.retainedEverywhere(deleted, undefined);
        }
        await fixture.settled();
        await expectEqualBrokers(fixture.urls, { within: patience });
        await fixture.retainedEverywhere('value', `${ROUNDS - 1}`);
      });
    }
  }

  for (const [version, protocolVersion] of inFull(VERSIONS.slice(), VERSIONS.slice(1))) {
    it(`C28: keeps at QoS 0 what was written there while its link was cut (${version})`, async () => {
      const brokers = await mosquittos(['OSLO', 'PARIS']);
      const link = await Link.to(brokers.OSLO.port);
      const config = { ...quickly, protocolVersion, maxQos: 0 };
      fixture = await fixtures.start({
        brokers,
        links: { OSLO: link },
        configs: { OSLO: config, PARIS: config },
        environment: { MQTTREP_STORE: tempFolder('store') },
      });
      const atParis = await fixture.watch('PARIS');
      // What follows a change at OSLO is still on the link as that arrives in PARIS.
      link.delay = 100;
      for (let round = 0; round < ROUNDS; round++) {
        await publish('PARIS', 'value', `of PARIS ${round}`);
        await fixture.retainedEverywhere('value', `of PARIS ${round}`);
        await publish('OSLO', 'other', `${round}`);
        await atParis.waitFor(({ topic, payload }) => topic === 'other' && payload === `${round}`, patience);
        link.cut();
        await publish('OSLO', 'value', `of OSLO ${round}`);
        link.heal();
        await fixture.retainedEverywhere('value', `of OSLO ${round}`);
      }
      await fixture.settled();
      await expectEqualBrokers(fixture.urls, { within: patience });
    });
  }

  /** By a client of the moment: those that watch are gone with their broker. */
  async function publish(site: string, topic: string, payload: string): Promise<void> {
    const client = await fixture.client(site);
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
