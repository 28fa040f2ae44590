/** Rights to write that are away for a moment: what was denied meanwhile arrives soon after they return. */

import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { type AclBroker, startWithAcl } from '../support/acl-broker.ts';
import { expectEqualBrokers } from '../support/equal.ts';
import { itInFull } from '../support/in-full.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { patience, type ReplicationFixture } from './replication-fixture.ts';

const ALL = ['readwrite #'];
const READ_ONLY = ['read #', 'readwrite mqttrep/#'];
const TOPICS = Array.from({ length: 20 }, (_, index) => `home/${index}`);

describe('Rights to write', function () {
  this.timeout(8 * patience);

  const fixtures = fixtureHooks();
  let limited: Record<string, AclBroker>;

  /** Besides OSLO a broker with rights for each of these sites, by the version of MQTT. */
  async function start(versions: Readonly<Record<string, 4 | 5>>): Promise<ReplicationFixture> {
    limited = {};
    for (const site of Object.keys(versions)) limited[site] = await startWithAcl(ALL);
    const fixture = await fixtures.start({
      brokers: { OSLO: await startMosquitto(), ...mapValues(limited, ({ broker }) => broker) },
      configs: mapValues(versions, protocolVersion => ({ protocolVersion, username: 'rep' })),
    });
    for (const topic of TOPICS) await fixture.publish('OSLO', topic, 'before', { retain: true });
    await expectEqualBrokers(fixture.urls, { within: patience });
    return fixture;
  }

  function permit(rules: readonly string[]): void {
    for (const broker of Object.values(limited)) broker.change(rules);
  }

  it('that return after 3 s over MQTT 3.1.1 and MQTT 5 are noticed within seconds, for all topics', async () => {
    const fixture = await start({ PARIS: 4, ROME: 5 });
    permit(READ_ONLY);
    await pause(500);
    for (const topic of TOPICS) await fixture.publish('OSLO', topic, 'meanwhile', { retain: true });
    await pause(2_500);
    await fixture.retainedAt(['PARIS', 'ROME'], TOPICS[0] ?? '', 'before');
    permit(ALL);
    // Over MQTT 3.1.1 a denial is found by an echo that is overdue after 10 s.
    await expectEqualBrokers(fixture.urls, { within: 2 * patience });
    await fixture.retainedEverywhere(TOPICS[19] ?? '', 'meanwhile');
    expect(fixture.mqttrep.stderr).not.to.include('connection lost');
  });

  itInFull(
    'that return after half a minute over MQTT 5 are noticed by the next value of any topic, for all topics',
    async () => {
      const fixture = await start({ PARIS: 5 });
      permit(READ_ONLY);
      await pause(500);
      for (const topic of TOPICS) await fixture.publish('OSLO', topic, 'meanwhile', { retain: true });
      await pause(25_000);
      permit(ALL);
      await pause(500);
      await fixture.publish('OSLO', TOPICS[7] ?? '', 'new', { retain: true });
      await expectEqualBrokers(fixture.urls, { within: patience });
    },
  );
});

function mapValues<Value, Result>(
  record: Readonly<Record<string, Value>>,
  map: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
