/** `MQTTREP_EXCLUDE_{id}`: topics that mqttrep neither takes from a broker nor publishes to it. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestClient } from '../support/client.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { command } from './command.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience } from './replication-fixture.ts';

const SITES = ['OSLO', 'PARIS', 'LIMA'] as const;

describe('An excluded topic', function () {
  this.timeout(6 * patience);
  const fixtures = fixtureHooks();

  const started = async (environment: Readonly<Record<string, string>>) =>
    fixtures.start({
      brokers: await mosquittos(SITES),
      environment: { MQTTREP_TOPIC_all: '#', ...environment },
    });

  it('is not replicated, and others are', async () => {
    const fixture = await started({ MQTTREP_EXCLUDE_secrets: 'secret/#, +/private' });
    await fixture.publish('OSLO', 'secret/key', 'a', { retain: true });
    await fixture.publish('OSLO', 'home/private', 'b', { retain: true });
    await fixture.publish('OSLO', 'home/door', 'open', { retain: true });
    await fixture.publish('PARIS', 'secret/key', 'c');
    await fixture.settled();
    await fixture.retainedEverywhere('home/door', 'open');
    await fixture.retainedAt(['PARIS', 'LIMA'], 'secret/key', undefined);
    await fixture.retainedAt(['PARIS', 'LIMA'], 'home/private', undefined);
    expect(await fixture.seen('LIMA', 'secret/key')).to.deep.equal([]);
  });

  it('at one broker is replicated between the others', async () => {
    const fixture = await started({ MQTTREP_EXCLUDE_a: 'local/#', MQTTREP_EXCLUDE_BROKERS_a: 'OSLO' });
    await fixture.publish('OSLO', 'local/light', 'of Oslo', { retain: true });
    await fixture.publish('PARIS', 'local/light', 'of Paris', { retain: true });
    await fixture.settled();
    await fixture.retainedAt(['OSLO'], 'local/light', 'of Oslo');
    await fixture.retainedAt(['PARIS', 'LIMA'], 'local/light', 'of Paris');
    expect((await fixture.seen('PARIS', 'local/light')).map(({ payload }) => payload)).to.deep.equal([
      'of Paris',
    ]);
  });

  it('stays at every broker when it becomes excluded, whatever happens to it elsewhere', async function () {
    requireMosquitto(this);
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    const file = join(tempFolder('exclusions'), 'mqttrep.env');
    const variables = {
      MQTTREP_CLIENT_OSLO: brokers.OSLO.url,
      MQTTREP_CLIENT_PARIS: brokers.PARIS.url,
      MQTTREP_TOPIC_all: '#',
      MQTTREP_MERGE_FREQUENCY: '50',
    };
    const write = (more: Readonly<Record<string, string>>) =>
      writeFileSync(
        file,
        Object.entries({ ...variables, ...more })
          .map(([name, value]) => `${name}='${value}'\n`)
          .join(''),
      );
    write({});
    const mqttrep = startMqttrep({}, ['run', '--env-file', file]);
    const oslo = await TestClient.connect(brokers.OSLO.url, { protocolVersion: 5 });
    const paris = await TestClient.connect(brokers.PARIS.url, { protocolVersion: 5 });
    try {
      await paris.subscribe('#', { qos: 1, rap: true });
      await mqttrep.line('PARIS: connected with', patience);
      await mqttrep.line('OSLO: connected with', patience);
      await oslo.publish('local/light', 'on', { retain: true });
      await paris.waitFor(({ topic }) => topic === 'local/light', patience);
      write({ MQTTREP_EXCLUDE_a: 'local/#', MQTTREP_EXCLUDE_BROKERS_a: 'OSLO' });
      mqttrep.kill('SIGHUP');
      await mqttrep.line('exclusion a is added: local/#', patience);
      await mqttrep.line('the new configuration is in force', patience);
      await oslo.publish('local/light', '', { retain: true });
      await oslo.publish('marker', 'one', { retain: true });
      await paris.waitFor(({ payload }) => payload.toString() === 'one', patience);
      mqttrep.kill('SIGHUP');
      await oslo.publish('marker', 'two', { retain: true });
      await paris.waitFor(({ payload }) => payload.toString() === 'two', patience);
      expect((await retainedOf(brokers.PARIS.url, 'local/light')).get('local/light')).to.equal('on');
      expect((await retainedOf(brokers.OSLO.url, 'local/light')).get('local/light')).to.equal(undefined);
      const { code } = await command(['diff', '--env-file', file], {});
      expect(code).to.equal(0);
    } finally {
      await Promise.all([oslo.destroy(), paris.destroy()]);
      await mqttrep.stop();
      await Promise.all(Object.values(brokers).map(broker => broker.stop()));
    }
  });
});
