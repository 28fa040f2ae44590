/** Several mqttreps over the same brokers. */

import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { controlMessagesAt } from '../broker/makes.ts';
import { fixtureHooks } from '../cli/fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from '../cli/replication-fixture.ts';
import { eventually } from '../support/eventually.ts';
import { type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { expectPeace, Writers, withChance } from './trial.ts';

const KILLS = 5;

describe('Two mqttreps over the same two brokers', function () {
  this.timeout(0);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;
  let second: MqttrepProcess | undefined;

  afterEach(async () => {
    await second?.stop();
    second = undefined;
  });

  it('converge over MQTT 5, though one of them is killed repeatedly', () =>
    withChance(async random => {
      const config = { protocolVersion: 5, reconnectPeriod: 100 };
      fixture = await fixtures.start({
        brokers: await mosquittos(['OSLO', 'PARIS']),
        configs: { OSLO: config, PARIS: config },
        environment: { MQTTREP_STORE: tempFolder('store') },
      });
      const environment = { ...fixture.environment, MQTTREP_STORE: tempFolder('store') };
      const topics = Array.from({ length: 10 }, (_, index) => `t/${index}`);
      const writers = new Writers(
        fixture,
        { sites: fixture.sites, topics, rate: 30, deletions: 0.1 },
        random,
      );
      for (let kill = 0; kill < KILLS; kill++) {
        second = startMqttrep(environment);
        await wait(200 + random() * 2_000);
        await second.stop('SIGKILL');
      }
      second = startMqttrep(environment);
      await second.line('PARIS: connected with', patience);
      await wait(2_000);
      await writers.stop();
      await expectPeace(fixture);
    }));

  it('notice each other over MQTT 3.1.1, and say so loudly', async () => {
    const config = { protocolVersion: 4 };
    fixture = await fixtures.start({
      brokers: await mosquittos(['OSLO', 'PARIS']),
      configs: { OSLO: config, PARIS: config },
    });
    second = startMqttrep({ ...fixture.environment, MQTTREP_STORE: tempFolder('store') });
    for (const site of fixture.sites) {
      for (const process of [fixture.mqttrep, second]) {
        await process.line(
          new RegExp(`error.*${site}: another replicator .* they may not converge`),
          patience,
        );
      }
    }
  });

  it('know each other no more once one of them was killed: its will says that it is gone', async () => {
    fixture = await fixtures.start({ brokers: await mosquittos(['OSLO', 'PARIS']) });
    second = startMqttrep({ ...fixture.environment, MQTTREP_STORE: tempFolder('store') });
    for (const site of fixture.sites) await second.line(`${site}: connected with`, patience);
    await presentAt(fixture, 2);
    await second.stop('SIGKILL');
    await presentAt(fixture, 1);
    await fixture.mqttrep.stop();
    await presentAt(fixture, 0);
  });
});

/** Resolves when so many replicators are present at each broker; of the others some may say that they are gone. */
async function presentAt(fixture: ReplicationFixture, count: number): Promise<void> {
  for (const url of fixture.urls) {
    const present = async () => {
      const left = [...(await controlMessagesAt(url))];
      return left.filter(([topic, payload]) => topic.includes('/presence/') && payload.startsWith('online'));
    };
    await eventually(async () => expect(await present()).to.have.length(count), { within: patience });
  }
}
