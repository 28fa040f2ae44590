/** What is said of a broker that cannot be connected to, and when it is tried again. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { ActorRig } from './actor-rig.ts';

describe('A broker that knows its users', () => {
  it('says that it is refused, and whom to ask, without a secret; and tries again rarely', async function () {
    requireMosquitto(this);
    const passwords = join(tempFolder('passwords'), 'file');
    writeFileSync(passwords, '', { mode: 0o600 });
    const broker = await startMosquitto({ config: ['allow_anonymous false', `password_file ${passwords}`] });
    const options = { username: 'duck', password: 'quack!', reconnectPeriod: 0 };
    const rig = new ActorRig(broker.url, { options });
    const report = await rig.reported(one => one.kind === 'link' && one.state === 'refused');
    expect(JSON.stringify(report)).to.match(/not authori[sz]ed/i);
    await rig.reported(one => one.kind === 'log' && one.level === 'error');
    expect(rig.log).to.match(/^error oslo: cannot connect/m);
    expect(rig.log).to.include('MQTTREP_CLIENT_oslo').and.include('MQTTREP_CONFIG_oslo');
    expect(rig.log).to.match(/next attempt in \d{2,3}\.\d s/);
    expect(JSON.stringify(rig.reports)).not.to.include('quack');
    expect(rig.told).to.deep.equal([]);
    await rig.stop();
    await broker.stop();
  });
});
