/** Writers at both ends write the same topics, while the link between is cut at random moments. */

import { setTimeout as wait } from 'node:timers/promises';
import { fixtureHooks } from '../cli/fixture-hooks.ts';
import { mosquittos, type ReplicationFixture } from '../cli/replication-fixture.ts';
import { Link } from '../support/link.ts';
import { expectPeace, VERSIONS, Writers, withChance } from './trial.ts';

const CUTS = 10;

describe('Topics that are written at both ends 50 times a second', function () {
  this.timeout(0);

  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  for (const [version, protocolVersion] of VERSIONS) {
    it(`over a link that is cut ${CUTS} times are equal in the end, and silent (${version})`, () =>
      withChance(async random => {
        const brokers = await mosquittos(['OSLO', 'PARIS']);
        const link = await Link.to(brokers.PARIS.port);
        link.delay = 30;
        const config = { protocolVersion, reconnectPeriod: 100 };
        fixture = await fixtures.start({
          brokers,
          links: { PARIS: link },
          configs: { OSLO: config, PARIS: config },
        });
        const topics = ['a', 'b', 'c', 'd', 'e'];
        const writers = new Writers(
          fixture,
          { sites: fixture.sites, topics, rate: 50, deletions: 0.05 },
          random,
        );
        for (let cut = 0; cut < CUTS; cut++) {
          await wait(200 + random() * 1_000);
          link.cut();
          await wait(random() * 500);
          link.heal();
        }
        await wait(500);
        await writers.stop();
        await expectPeace(fixture);
      }));
  }
});
