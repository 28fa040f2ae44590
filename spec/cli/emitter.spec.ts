/** Emitter: a key before each topic, `/` behind it, and nothing that tells where a replay ends or what is retained. */

import { expect } from 'chai';
import { EMITTER_KEY, FakeEmitter } from '../support/emitter.ts';
import { eventually } from '../support/eventually.ts';
import { itInFull } from '../support/in-full.ts';
import { Link } from '../support/link.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { patience } from './replication-fixture.ts';

/** As docs/brokers.md says. */
const SETUP = {
  MQTTREP_MAP_emitter: `hiddenPrefix: ${EMITTER_KEY}/ suffix: /`,
  MQTTREP_MAP_BROKERS_emitter: 'EMITTER',
  MQTTREP_RETAIN_home: 'true',
};

describe('Emitter', function () {
  this.timeout(12 * patience);
  const fixtures = fixtureHooks();
  let emitter: FakeEmitter;
  afterEach(() => emitter.close());

  itInFull(
    'is replicated with a key and a slash, refuses deletions, and connects again without a long wait',
    async () => {
      emitter = await FakeEmitter.start();
      const link = await Link.to(emitter.relay.port);
      const fixture = fixtures.create({
        brokers: { OSLO: await startMosquitto(), EMITTER: emitter.stored },
        links: { EMITTER: link },
        configs: { EMITTER: { protocolVersion: 4, acceptsDeletions: false, reconnectPeriod: 100 } },
        environment: { MQTTREP_TOPIC_home: 'home/#', ...SETUP },
      });
      const oslo = await fixture.client('OSLO');
      await oslo.publish('home/door', 'open', { retain: true });
      const client = await fixture.client('EMITTER');
      await client.subscribe('home/#');
      const mqttrep = fixture.run();
      await mqttrep.line('EMITTER: connected with', 5 * patience);
      await mqttrep.line('OSLO: connected with', patience);
      await client.waitFor(
        ({ topic, payload }) => topic === 'home/door/' && payload === 'open',
        2 * patience,
      );
      await client.publish('home/window/', 'shut', { retain: true });
      await fixture.retainedAt(['OSLO'], 'home/window', 'shut');

      await oslo.publish('home/door', '', { retain: true });
      const refused = await mqttrep.line('EMITTER: the broker does not take "home/door"', patience);
      expect(refused).to.contain('acceptsDeletions');
      await oslo.publish('home/lamp', 'on', { retain: true });
      await client.waitFor(({ topic }) => topic === 'home/lamp/', patience);
      await fixture.retainedAt(['OSLO'], 'home/door', undefined);

      const lines = () => mqttrep.stderr.split('\n').filter(line => line.includes('EMITTER: connected with'));
      link.cut();
      await mqttrep.line('EMITTER: connection lost', patience);
      const begin = performance.now();
      link.heal();
      await eventually(() => expect(lines()).to.have.lengthOf(2), { within: 2 * patience });
      // The first connect waits 30 s for the end of the replay.
      expect(performance.now() - begin).to.be.lessThan(20_000);
      await oslo.publish('home/lamp', 'off', { retain: true });
      await client.waitFor(({ payload }) => payload === 'off', patience);
      // What the broker still stores of it does not come back.
      await fixture.retainedAt(['OSLO'], 'home/door', undefined);
      await link.close();
    },
  );
});
