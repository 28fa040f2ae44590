/** mqttrep is killed at random moments under load, repeatedly, and goes on with one store. */

import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { fixtureHooks } from '../cli/fixture-hooks.ts';
import { mosquittos, type ReplicationFixture } from '../cli/replication-fixture.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { expectPeace, VERSIONS, Writers, withChance } from './trial.ts';

const KILLS = 20;

/** Milliseconds that mqttrep lives at least and at most; it takes some hundred until it is connected. */
const LIFE = { least: 100, most: 1_500 };

const ALONE = { OSLO: ['oslo/1', 'oslo/2', 'oslo/3'], PARIS: ['paris/1', 'paris/2', 'paris/3'] };

describe('mqttrep that is killed by SIGKILL', function () {
  this.timeout(0);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  for (const [version, protocolVersion] of VERSIONS) {
    it(`${KILLS} times under load: all is equal in the end, and the last writes win (${version})`, () =>
      withChance(async random => {
        const config = { protocolVersion, reconnectPeriod: 100 };
        fixture = fixtures.create({
          brokers: await mosquittos(['OSLO', 'PARIS']),
          configs: { OSLO: config, PARIS: config },
          environment: { MQTTREP_STORE: tempFolder('store') },
        });
        const alone = Object.entries(ALONE).map(
          ([site, topics]) =>
            new Writers(fixture, { sites: [site], topics, rate: 50, deletions: 0.1 }, random),
        );
        const topics = Array.from({ length: 10 }, (_, index) => `shared/${index}`);
        const shared = new Writers(
          fixture,
          { sites: fixture.sites, topics, rate: 50, deletions: 0.1 },
          random,
        );
        for (let kill = 0; kill < KILLS; kill++) {
          fixture.run();
          await wait(LIFE.least + random() * (LIFE.most - LIFE.least));
          await fixture.mqttrep.stop('SIGKILL');
        }
        fixture.run();
        await fixture.connected(...fixture.sites);
        await wait(1_000);
        await Promise.all([...alone, shared].map(writers => writers.stop()));
        await expectPeace(fixture);
        const retained = await retainedOf(fixture.broker('OSLO').url);
        for (const { last } of alone) {
          for (const [topic, payload] of last) expect(retained.get(topic) ?? '', topic).to.equal(payload);
        }
      }));
  }
});
