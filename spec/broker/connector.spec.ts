/** What the log says of a broker that cannot be connected to, and when mqttrep retries. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { BREAKS_PUBACKS } from '../support/broker-quirks.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { PacketRelay } from '../support/packet-relay.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { BrokerActorFixture } from './broker-actor-fixture.ts';

describe('Connector at a broker with passwords', () => {
  it('logs the refusal and the settings to check, without a secret, and retries soon at first', async function () {
    requireMosquitto(this);
    const passwords = join(tempFolder('passwords'), 'file');
    writeFileSync(passwords, '', { mode: 0o600 });
    const broker = await startMosquitto({ config: ['allow_anonymous false', `password_file ${passwords}`] });
    const options = { username: 'duck', password: 'quack!', reconnectPeriod: 0 };
    const fixture = new BrokerActorFixture(broker.url, { options });
    const report = await fixture.reported(one => one.kind === 'link' && one.state === 'refused');
    expect(JSON.stringify(report)).to.match(/not authori[sz]ed/i);
    await fixture.reported(one => one.kind === 'log' && one.level === 'error');
    expect(fixture.log).to.match(/^error oslo: cannot connect/m);
    expect(fixture.log).to.include('MQTTREP_CLIENT_oslo').and.include('MQTTREP_CONFIG_oslo');
    expect(fixture.log).to.match(/retrying in [12]\.\d s/);
    expect(JSON.stringify(fixture.reports)).not.to.include('quack');
    expect(fixture.told).to.deep.equal([]);
    await fixture.stop();
    await broker.stop();
  });
});

describe('Connector at a broker that accepts MQTT 5, and breaks its protocol', () => {
  for (const protocolVersion of [undefined, 5] as const) {
    const end =
      protocolVersion === undefined ? 'goes on with MQTT 3.1.1' : 'does not go on if MQTT 5 is configured';
    it(end, async function () {
      requireMosquitto(this);
      const broker = await startMosquitto();
      const relay = await PacketRelay.before(broker.port, BREAKS_PUBACKS);
      const fixture = new BrokerActorFixture(relay.url, {
        options: protocolVersion === undefined ? {} : { protocolVersion },
      });
      await fixture.reported(
        one => one.kind === 'log' && one.message.includes('the broker broke the protocol'),
      );
      expect(fixture.log).to.match(
        /^warn oslo: .*the broker broke the protocol \(a PUBACK with the reason code/,
      );
      if (protocolVersion === undefined) {
        await fixture.reported(one => one.kind === 'log' && one.message.includes('connected with'));
        expect(fixture.log).to.match(/going on with MQTT 3\.1\.1\ninfo oslo: connected with MQTT 3\.1\.1/);
        const session = await fixture.heard(one => one.kind === 'session-started');
        expect(session).to.include({ stamps: false });
      } else {
        expect(fixture.kinds).not.to.include('session-started');
      }
      await fixture.stop();
      await relay.close();
      await broker.stop();
    });
  }
});
