/** However many topics a broker refuses, the log stays readable: the number, the reason, and an example. */

import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { startWithAcl } from '../support/acl-broker.ts';
import { inFull, itInFull } from '../support/in-full.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { publishMany } from '../support/publish-many.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { patience, type ReplicationFixture } from './replication-fixture.ts';

const TOPICS = inFull(10_000, 2_000);

/** How a broker refuses: the rights of mqttrep's account, and the configuration of the broker in mqttrep. */
const WAYS: readonly (readonly [title: string, rights: string, config: Readonly<Record<string, unknown>>])[] =
  [
    ['denies them silently (MQTT 3.1.1)', 'read #', { protocolVersion: 4 }],
    ['denies them by a reason code (MQTT 5)', 'read #', { protocolVersion: 5 }],
    ['takes no topics of two levels (maxLevels)', 'readwrite #', { maxLevels: 1 }],
  ];

describe('A broker that refuses many topics', function () {
  this.timeout(8 * patience);

  const fixtures = fixtureHooks();

  function warnings({ mqttrep }: ReplicationFixture): string[] {
    return mqttrep.stderr.split('\n').filter(line => /^\S+ (warn|error)/.test(line));
  }

  for (const [index, [title, rights, config]] of WAYS.entries()) {
    // The first one waits for echoes that are overdue.
    (index === 0 ? itInFull : it)(
      `since it ${title} causes at most ten warnings, with number, reason and example`,
      async () => {
        const oslo = await startMosquitto();
        const { broker: paris } = await startWithAcl([rights, 'readwrite mqttrep/#']);
        await publishMany(oslo.url, TOPICS);
        const fixture = await fixtures.start({
          brokers: { OSLO: oslo, PARIS: paris },
          configs: { PARIS: { username: 'rep', ...config } },
        });
        await fixture.mqttrep.line(
          /warn {2}PARIS: the broker does not take \d+ more messages, such as "many\/\d+" \(.+\)/,
          6 * patience,
        );
        // Another line would come only with further topics.
        await pause(3_000);
        expect(warnings(fixture)).to.have.length.within(1, 10);
      },
    );
  }
});
