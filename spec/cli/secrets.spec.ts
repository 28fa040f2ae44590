/** A password that changes while mqttrep runs: the file has the new one, and mqttrep connects with it. */

import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { mosquittos, patience } from './replication-fixture.ts';

describe('A password in a file', function () {
  this.timeout(4 * patience);

  it('is read at each connect', async function () {
    requireMosquitto(this);
    const folder = tempFolder('secrets');
    const [accounts, passwordFile] = [join(folder, 'accounts'), join(folder, 'password')];
    const change = (password: string) => {
      execFileSync('mosquitto_passwd', ['-b', '-c', accounts, 'duck', password], { stdio: 'ignore' });
      chmodSync(accounts, 0o644);
      writeFileSync(passwordFile, `${password}\n`);
    };
    change('one');
    const { PARIS } = await mosquittos(['PARIS']);
    const OSLO = await startMosquitto({ config: ['allow_anonymous false', `password_file ${accounts}`] });
    const mqttrep = startMqttrep(
      {
        MQTTREP_CLIENT_OSLO: OSLO.url,
        MQTTREP_CLIENT_PARIS: PARIS.url,
        MQTTREP_CONFIG_OSLO: JSON.stringify({ username: 'duck', passwordFile, reconnectPeriod: 100 }),
        MQTTREP_CONFIG_PARIS: JSON.stringify({ username: 'duck', passwordCommand: `cat ${passwordFile}` }),
        MQTTREP_TOPIC_all: '#',
      },
      ['run'],
    );
    try {
      await mqttrep.line('OSLO: connected with', patience);
      await mqttrep.line('PARIS: connected with', patience);
      await OSLO.stop();
      await mqttrep.line('OSLO: connection lost', patience);
      change('two');
      const before = mqttrep.stderr.length;
      await OSLO.start();
      const since = () => mqttrep.stderr.slice(before);
      await eventually(() => expect(since()).to.contain('OSLO: connected with'), { within: patience });
      expect(mqttrep.stderr).not.to.contain('two');
    } finally {
      await mqttrep.stop();
      await Promise.all([OSLO.stop(), PARIS.stop()]);
    }
  });
});
