/** `mqttrep run --dry-run` decides what to publish, says so, and publishes nothing. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { MAKES } from '../broker/makes.ts';
import { startAedes } from '../support/aedes-broker.ts';
import { TestClient } from '../support/client.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { environmentOf } from './command.ts';

for (const { make, protocolVersion, start } of MAKES) {
  describe(`mqttrep run --dry-run at ${make}`, function () {
    this.timeout(60_000);

    it('says what it would publish, writes nothing, and leaves the store alone', async function () {
      const brokers = { OSLO: await start(this), PARIS: await startAedes() };
      const store = join(tempFolder('store'), 'state');
      const config = make === 'Aedes' ? '{}' : JSON.stringify({ protocolVersion });
      const client = await TestClient.connect(brokers.OSLO.url);
      const watchers = await Promise.all(
        Object.values(brokers).map(async ({ url }) => {
          const watcher = await TestClient.connect(url);
          await watcher.subscribe('#', { qos: 0 });
          return watcher;
        }),
      );
      await client.publish('canards/name', 'Saturnin', { retain: true });
      const more = {
        MQTTREP_STORE: store,
        MQTTREP_MERGE_FREQUENCY: '20',
        MQTTREP_CONFIG_OSLO: config,
      };
      const mqttrep = startMqttrep(environmentOf(brokers, more), ['run', '--dry-run']);
      try {
        const said = 'PARIS: would publish "canards/name" (retained, QoS 1, 8 bytes)';
        expect(await mqttrep.line(said, 20_000)).to.contain(' info ');
        await client.publish('live', 'x');
        expect(await mqttrep.line('PARIS: would publish "live"', 20_000)).to.contain('(QoS 1, 1 bytes)');
        await client.publish('canards/name', '', { retain: true });
        // Over MQTT 3.1.1 an empty message deletes once a probe has told that nothing is retained: a dry run sends none.
        const deletion =
          protocolVersion === 5
            ? 'would delete "canards/name"'
            : 'would publish "canards/name" (QoS 1, 0 bytes)';
        await mqttrep.line(`PARIS: ${deletion}`, 20_000);
        const lines = mqttrep.stderr.split('\n').filter(line => line.includes('would '));
        expect(lines).to.have.length(3);
      } finally {
        await mqttrep.stop();
      }
      expect((await mqttrep.exit).code).to.equal(0);
      const seen = watchers.map(({ messages }) => messages.map(({ topic }) => topic));
      expect(seen).to.deep.equal([['canards/name', 'live', 'canards/name'], []]);
      expect(await retainedOf(brokers.PARIS.url)).to.have.property('size', 0);
      expect(existsSync(store)).to.equal(false);
      for (const one of [client, ...watchers]) await one.end();
      for (const broker of Object.values(brokers)) await broker.stop();
    });
  });
}

describe('mqttrep run --dry-run', function () {
  this.timeout(60_000);

  it('names each topic that a first contact would overwrite, with both values and what decides', async () => {
    const brokers = { OSLO: await startAedes(), PARIS: await startAedes() };
    for (const [name, { url }] of Object.entries(brokers)) {
      const client = await TestClient.connect(url);
      await client.publish('light', `{"from":"${name}"}`, { retain: true });
      await client.publish('clock', JSON.stringify({ time: name === 'PARIS' ? 2 : 1 }), { retain: true });
      await client.publish(`only/${name}`, 'x', { retain: true });
      await client.end();
    }
    const more = { MQTTREP_TOPIC_clock: 'clock', MQTTREP_MERGE_clock: 'json:time' };
    const mqttrep = startMqttrep(environmentOf(brokers, more), ['run', '--dry-run']);
    try {
      await mqttrep.line('would publish "light"');
      for (const line of [
        'PARIS: first contact: 1 topic to copy to it, 1 to overwrite, 2 equal already; "light": "{\\"from\\":\\"PARIS\\"}" → "{\\"from\\":\\"OSLO\\"}", decided by name',
        'OSLO: first contact: 1 topic to copy to it, 1 to overwrite, 2 equal already; "clock": "{\\"time\\":1}" → "{\\"time\\":2}", decided by json:time',
      ])
        expect(mqttrep.stderr).to.contain(line);
      expect(mqttrep.stderr).not.to.contain('first contact is complete');
    } finally {
      await mqttrep.stop();
      for (const broker of Object.values(brokers)) await broker.stop();
    }
  });
});
