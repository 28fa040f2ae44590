/** The executable between real brokers: what is written at one appears at all, whatever they speak. */

import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { expectEqualBrokers } from '../support/equal.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { aedes, mosquittos, patience, Scene, type SceneOptions } from './scene.ts';

const settings = {
  MQTTREP_TOPIC_all: '#',
  MQTTREP_TOPIC_kept: 'kept/#',
  MQTTREP_RETAIN_kept: 'true',
  MQTTREP_TOPIC_brief: 'brief/#',
  MQTTREP_TTL_brief: '2',
};

const mqtt311 = { protocolVersion: 4 };

const fields: readonly { title: string; mosquitto: boolean; options: () => Promise<SceneOptions> }[] = [
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
      let scene: Scene;
      let first: string;
      let last: string;

      before(async function () {
        if (mosquitto) requireMosquitto(this);
        scene = await Scene.start(await options());
        [first = '', last = ''] = [scene.sites[0], scene.sites.at(-1)];
        await scene.watchAll();
      });

      after(() => scene?.stop());

      it('a retained message from each broker to all', async () => {
        for (const site of scene.sites) await scene.publish(site, `state/${site}`, site, { retain: true });
        for (const site of scene.sites) await scene.retainedEverywhere(`state/${site}`, site);
      });

      it('each new value of a retained message, wherever it is written', async () => {
        for (const round of [1, 2]) {
          for (const site of scene.sites) {
            await scene.publish(site, 'state/shared', `${round} of ${site}`, { retain: true });
            await scene.retainedEverywhere('state/shared', `${round} of ${site}`);
          }
        }
      });

      it('the deletion of a retained message, also at another broker than that of the write', async () => {
        await scene.publish(first, 'state/deleted', 'value', { retain: true });
        await scene.retainedEverywhere('state/deleted', 'value');
        await (await scene.client(last)).erase('state/deleted');
        await scene.retainedEverywhere('state/deleted', undefined);
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
            await scene.publish(from, topic, payload, { retain: true });
            await scene.retainedAt([to], topic, `0x${payload.toString('hex')}`);
          }
        }
      });

      it('topics and payloads of any script', async () => {
        for (const topic of ['québec/température', '温度/部屋', 'تجربة/א', '🦆/canard confit', 'e\u0301/é']) {
          await scene.publish(first, topic, `${topic} — ça va`, { retain: true });
          await scene.retainedEverywhere(topic, `${topic} — ça va`);
        }
      });

      it('a message that is not retained as one that is not, and no broker keeps it', async () => {
        for (const site of scene.sites) await scene.publish(site, `passing/${site}`, 'by');
        for (const site of scene.sites) {
          for (const other of scene.sites) {
            expect(await scene.copy(other, `passing/${site}`)).to.include({ payload: 'by', retain: false });
          }
        }
        await scene.settled();
        for (const site of scene.sites) await scene.retainedEverywhere(`passing/${site}`, undefined);
      });

      it('each message that is not retained, once, also where it equals the one before', async () => {
        for (const count of [1, 2, 3]) {
          await scene.publish(first, 'passing/again', 'the same');
          for (const other of scene.others(first)) await scene.copies(other, 'passing/again', count);
        }
        await scene.settled();
        for (const site of scene.sites) expect(await scene.seen(site, 'passing/again')).to.have.length(3);
      });

      // Over MQTT 3.1.1 a message does not show whether it is retained, so a topic is one or the other there.
      const bothKinds = title.endsWith('MQTT 5') ? it : undefined;
      bothKinds?.(
        'a message that is not retained, and the retained one of its topic stays the same everywhere',
        async () => {
          await scene.publish(first, 'state/beside', 'state', { retain: true });
          await scene.retainedEverywhere('state/beside', 'state');
          await scene.settled();
          await scene.publish(last, 'state/beside', 'passing');
          for (const site of scene.sites) {
            const watcher = await scene.watch(site);
            await watcher.waitFor(({ topic, payload }) => topic === 'state/beside' && payload === 'passing');
          }
          await scene.settled();
          await expectEqualBrokers(scene.urls, { filter: 'state/beside' });
        },
      );

      it('nothing where a retained message is written again as it was', async () => {
        const write = () => scene.publish(first, 'state/again', 'the same', { retain: true });
        const copies = () =>
          Promise.all(scene.sites.map(async site => (await scene.seen(site, 'state/again')).length));
        await write();
        await scene.retainedEverywhere('state/again', 'the same');
        await scene.settled();
        const [written = 0, ...copied] = await copies();
        for (const again of [1, 2]) {
          await write();
          await scene.settled();
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
            await scene.publish(site, topic, payload, { retain });
            await scene.retainedEverywhere(topic, payload);
          }
        }
      });

      it('with TTL: erases everywhere what has been quiet so long, and only that', async () => {
        const payload = 'for two seconds';
        const rewrite = () => scene.publish(first, 'brief/rewritten', payload, { retain: true });
        const rewriting = setInterval(rewrite, 100);
        try {
          await Promise.all(
            scene.sites.map(async site => {
              await scene.publish(site, `brief/quiet/${site}`, payload, { retain: true });
              await scene.retainedEverywhere(`brief/quiet/${site}`, payload);
              await scene.retainedEverywhere(`brief/quiet/${site}`, undefined);
            }),
          );
          await scene.settled();
          await scene.retainedEverywhere('brief/rewritten', payload);
        } finally {
          clearInterval(rewriting);
        }
        for (const site of scene.sites) {
          const erasures = (await scene.seen(site, 'brief/rewritten')).filter(copy => copy.payload === '');
          expect(erasures, `erasures at ${site}`).to.have.length(0);
        }
      });
    });
  }
});
