/** Brokers that speak no MQTT 5, or that say no, or nothing. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { HANGS_UP, IS_SILENT } from '../support/broker-quirks.ts';
import { eventually } from '../support/eventually.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { PacketRelay } from '../support/packet-relay.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { aedes, mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

describe('mqttrep, where a broker', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks({ requiresMosquitto: false });
  let fixture: ReplicationFixture;

  describe('speaks no MQTT 5', () => {
    async function expectReplication(between: ReplicationFixture): Promise<void> {
      for (const site of between.sites) {
        await between.publish(site, `from/${site}`, site, { retain: true });
        await between.retainedEverywhere(`from/${site}`, site);
      }
    }

    it('and says so, uses MQTT 3.1.1', async () => {
      fixture = await fixtures.start({ brokers: await aedes(['OSLO', 'PARIS']) });
      expect(await fixture.mqttrep.line('OSLO: connected')).to.contain('MQTT 3.1.1');
      await expectReplication(fixture);
    });

    for (const [oddity, does, config] of [
      [HANGS_UP, 'hangs up without a word', {}],
      [IS_SILENT, 'says nothing at all', { connectTimeout: 500 }],
    ] as const) {
      it(`and ${does}, uses MQTT 3.1.1 then, and at once after a lost connection`, async () => {
        const brokers = await aedes(['OSLO', 'PARIS']);
        const odd = await PacketRelay.before(brokers.OSLO.port, oddity);
        try {
          fixture = await fixtures.start({
            brokers,
            links: { OSLO: odd },
            configs: { OSLO: { reconnectPeriod: 100, ...config } },
          });
          expect(await fixture.mqttrep.line('OSLO: connected')).to.contain('MQTT 3.1.1');
          expect(odd.levels).to.deep.equal([5, 4]);
          await expectReplication(fixture);
          await brokers.OSLO.stop();
          await brokers.OSLO.start();
          await fixture.publish('PARIS', 'again', 'x', { retain: true });
          await fixture.retainedEverywhere('again', 'x');
          expect(odd.levels.slice(2)).to.not.include(5);
        } finally {
          await odd.close();
        }
      });
    }
  });

  it('refuses the credentials: says so, names the variables, and serves the others', async function () {
    requireMosquitto(this);
    const passwords = join(tempFolder('passwords'), 'passwords');
    execFileSync('mosquitto_passwd', ['-b', '-c', passwords, 'saturnin', 'quack']);
    const config = ['allow_anonymous false', `password_file ${passwords}`];
    const brokers = { ...(await mosquittos(['OSLO', 'PARIS'])), LOCKED: await startMosquitto({ config }) };
    const credentials = { username: 'saturnin', password: 'a wrong password' };
    fixture = fixtures.create({ brokers, configs: { LOCKED: credentials } });
    fixture.run();
    await fixture.connected('OSLO', 'PARIS');
    await fixture.publish('OSLO', 'here', 'x', { retain: true });
    await fixture.retainedAt(['PARIS'], 'here', 'x');
    const lines = fixture.mqttrep.stderr.split('\n').filter(line => line.includes('LOCKED:'));
    expect(lines[0])
      .to.match(/ error .*not authori[sz]ed/i)
      .and.contain('MQTTREP_CLIENT_LOCKED')
      .and.contain('MQTTREP_CONFIG_LOCKED');
    expect(fixture.mqttrep.stderr).not.to.contain('a wrong password');
  });

  it('accepts the credentials, is replicated like others', async function () {
    requireMosquitto(this);
    const passwords = join(tempFolder('passwords'), 'passwords');
    execFileSync('mosquitto_passwd', ['-b', '-c', passwords, 'saturnin', 'quack']);
    const { OSLO, PARIS } = await mosquittos(['OSLO', 'PARIS'], { config: [`password_file ${passwords}`] });
    const url = OSLO.url.replace('mqtt://', 'mqtt://saturnin:quack@');
    fixture = await fixtures.start({
      brokers: { OSLO, PARIS },
      configs: { PARIS: { username: 'saturnin', password: 'quack' } },
      environment: { MQTTREP_CLIENT_OSLO: url },
    });
    await fixture.publish('OSLO', 'here', 'x', { retain: true });
    await fixture.retainedEverywhere('here', 'x');
    for (const broker of [OSLO, PARIS]) expect(broker.log()).to.contain("u'saturnin'");
  });

  it('cannot be reached, tries it again, each time later than before', async () => {
    const brokers = await aedes(['OSLO', 'LIMA']);
    await brokers.LIMA.stop();
    fixture = fixtures.create({ brokers });
    const mqttrep = fixture.run();
    const attempts = () => mqttrep.stderr.split('\n').filter(line => line.includes('LIMA: cannot connect'));
    await eventually(() => expect(attempts()).to.have.length.of.at.least(3), { within: patience });
    const lines = attempts();
    const waits = lines.map(line => Number(/ECONNREFUSED.* retrying in ([\d.]+) s$/.exec(line)?.[1]));
    const times = lines.map(line => Date.parse(line.split(' ')[0] ?? ''));
    const distances = times.slice(1).map((time, index) => time - (times[index] ?? time));
    for (const [index, distance] of distances.entries()) {
      expect(distance).to.be.at.least((waits[index] ?? 0) * 1000 - 100);
      expect(waits[index + 1]).to.be.at.least(waits[index] ?? 0);
    }
  });
});
