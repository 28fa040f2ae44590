/** Credentials in the URL of a broker, as a real broker receives them. */

import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { openConnection } from '../open-connection.ts';

describe('Credentials in the URL of a broker', () => {
  it('may hold colons, slashes and at signs, percent-encoded', async function () {
    requireMosquitto(this);
    const passwords = join(tempFolder('passwords'), 'file');
    writeFileSync(passwords, '');
    execFileSync('mosquitto_passwd', ['-b', passwords, 'rep', 'pa:ss/@:']);
    chmodSync(passwords, 0o644);
    const broker = await startMosquitto({ config: ['allow_anonymous false', `password_file ${passwords}`] });
    const url = broker.url.replace('://', `://rep:${encodeURIComponent('pa:ss/@:')}@`);
    for (const protocolVersion of [4, 5] as const) {
      const connection = await openConnection(url, protocolVersion);
      await connection.end();
    }
    await broker.stop();
  });
});
