/** The executable between real brokers: what is written at one appears at all, whatever they speak. */

import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { expectEqualBrokers } from '../support/equal.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import {
  aedes,
  mosquittos,
  patience,
  type ReplicationFixture,
  type ReplicationFixtureOptions,
} from './replication-fixture.ts';

const settings = {
  MQTTREP_TOPIC_all: '#',
  MQTTREP_TOPIC_kept: 'kept/#',
  MQTTREP_RETAIN_kept: 'true',
  MQTTREP_TOPIC_brief: 'brief/#',
  MQTTREP_TTL_brief: '2',
};

const mqtt311 = { protocolVersion: 4 };

const fields: readonly {
  title: string;
  mosquitto: boolean;
  options: () => Promise<ReplicationFixtureOptions>;
}[] = [
  {
    title: 'three mosquittos by MQTT 5',
    mosquitto: true,
    options: async () => ({ brokers: await mosquittos(['OSLO', 'PARIS', 'QUEBEC']), environment: settings }),
  },
  {
    title: 'three mosquittos by MQTT 3.1.1',
    mosquitto: true,
    options: async () => ({
      brokers: await mosquittos(['OSLO', 'PARIS', 'QUEBEC']),
      configs: { OSLO: mqtt311, PARIS: mqtt311, QUEBEC: mqtt311 },
      environment: settings,
    }),
  },
  {
    title: 'a mosquitto and an Aedes',
    mosquitto: true,
    options: async () => ({
      brokers: { ...(await mosquittos(['OSLO'])), ...(await aedes(['PARIS'])) },
      environment: settings,
    }),
  },
  {
    title: 'two Aedes',
    mosquitto: false,
    options: async () => ({ brokers: await aedes(['OSLO', 'PARIS']), environment: settings }),
  },
];

describe('mqttrep replicates', function () {
  this.timeout(4 * patience);

  for (const { title, mosquitto, options } of fields) {
    describe(`between ${title}`, () => {
      const fixtures = fixtureHooks({ stopAfter: 'all specs', requiresMosquitto: mosquitto });
      let fixture: ReplicationFixture;
      let first: string;
      let last: string;

      before(async () => {
        fixture = await fixtures.start(await options());
        [first = '', last = ''] = [fixture.sites[0], fixture.sites.at(-1)];
        await fixture.watchAll();
      });

      it('a retained message from each broker to all', async () => {
        for (const site of fixture.sites)
          await fixture.publish(site, `state/${site}`, site, { retain: true });
        for (const site of fixture.sites) await fixture.retainedEverywhere(`state/${site}`, site);
      });

      it('each new value of a retained message, wherever it is written', async () => {
        for (const round of [1, 2]) {
          for (const site of fixture.sites) {
            await fixture.publish(site, 'state/shared', `${round} of ${site}`, { retain: true });
            await fixture.retainedEverywhere('state/shared', `${round} of ${site}`);
          }
        }
      });

      it('the deletion of a retained message, also at another broker than that of the write', async () => {
        await fixture.publish(first, 'state/deleted', 'value', { retain: true });
        await fixture.retainedEverywhere('state/deleted', 'value');
        await (await fixture.client(last)).deleteRetained('state/deleted');
        await fixture.retainedEverywhere('state/deleted', undefined);
      });

      it('payloads of any bytes, up to 1 MB', async () => {
        const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
        const large = randomBytes(1024 * 1024);
        for (const [from, to] of [
          [first, last],
          [last, first],
        ] as const) {
          for (const [name, payload] of Object.entries({ every, large })) {
            const topic = `bytes/${name}/${from}`;
            await fixture.publish(from, topic, payload, { retain: true });
            await fixture.retainedAt([to], topic, `0x${payload.toString('hex')}`);
          }
        }
      });

      it('topics and payloads of any script', async () => {
        for (const topic of ['québec/température', '温度/部屋', 'تجربة/א', '🦆/canard confit', 'e\u0301/é']) {
          await fixture.publish(first, topic, `${topic} — ça va`, { retain: true });
          await fixture.retainedEverywhere(topic, `${topic} — ça va`);
        }
      });

      it('a message that is not retained as one that is not, and no broker keeps it', async () => {
        for (const site of fixture.sites) await fixture.publish(site, `passing/${site}`, 'by');
        for (const site of fixture.sites) {
          for (const other of fixture.sites) {
            expect(await fixture.copy(other, `passing/${site}`)).to.include({ payload: 'by', retain: false });
          }
        }
        await fixture.settled();
        for (const site of fixture.sites) await fixture.retainedEverywhere(`passing/${site}`, undefined);
      });

      it('each message that is not retained, once, also where it equals the one before', async () => {
        for (const count of [1, 2, 3]) {
          await fixture.publish(first, 'passing/again', 'the same');
          for (const other of fixture.others(first)) await fixture.copies(other, 'passing/again', count);
        }
        await fixture.settled();
        for (const site of fixture.sites) expect(await fixture.seen(site, 'passing/again')).to.have.length(3);
      });

      // Over MQTT 3.1.1 a message does not show whether it is retained, so a topic is one or the other there.
      const bothKinds = title.endsWith('MQTT 5') ? it : undefined;
      bothKinds?.(
        'a message that is not retained, and the retained one of its topic stays the same everywhere',
        async () => {
          await fixture.publish(first, 'state/beside', 'state', { retain: true });
          await fixture.retainedEverywhere('state/beside', 'state');
          await fixture.settled();
          await fixture.publish(last, 'state/beside', 'passing');
          for (const site of fixture.sites) {
            const watcher = await fixture.watch(site);
            await watcher.waitFor(({ topic, payload }) => topic === 'state/beside' && payload === 'passing');
          }
          await fixture.settled();
          await expectEqualBrokers(fixture.urls, { filter: 'state/beside' });
        },
      );

      it('nothing where a retained message is written again as it was', async () => {
        const write = () => fixture.publish(first, 'state/again', 'the same', { retain: true });
        const copies = () =>
          Promise.all(fixture.sites.map(async site => (await fixture.seen(site, 'state/again')).length));
        await write();
        await fixture.retainedEverywhere('state/again', 'the same');
        await fixture.settled();
        const [written = 0, ...copied] = await copies();
        for (const again of [1, 2]) {
          await write();
          await fixture.settled();
          expect(await copies()).to.deep.equal([written + again, ...copied]);
        }
      });

      it('with RETAIN: to retained copies everywhere, also where it was written as not retained', async () => {
        for (const [site, retain] of [
          [first, false],
          [last, false],
          [first, true],
        ] as const) {
          const topic = `kept/${site}/${retain}`;
          for (const payload of ['one', 'two']) {
            await fixture.publish(site, topic, payload, { retain });
            await fixture.retainedEverywhere(topic, payload);
          }
        }
      });

      it('with TTL deletes everywhere what was not written for so long, and only that', async () => {
        const payload = 'for two seconds';
        const rewrite = () => fixture.publish(first, 'brief/rewritten', payload, { retain: true });
        const rewriting = setInterval(rewrite, 100);
        try {
          await Promise.all(
            fixture.sites.map(async site => {
              await fixture.publish(site, `brief/quiet/${site}`, payload, { retain: true });
              await fixture.retainedEverywhere(`brief/quiet/${site}`, payload);
              await fixture.retainedEverywhere(`brief/quiet/${site}`, undefined);
            }),
          );
          await fixture.settled();
          await fixture.retainedEverywhere('brief/rewritten', payload);
        } finally {
          clearInterval(rewriting);
        }
        for (const site of fixture.sites) {
          const deletions = (await fixture.seen(site, 'brief/rewritten')).filter(copy => copy.payload === '');
          expect(deletions, `deletions at ${site}`).to.have.length(0);
        }
      });
    });
  }
});
