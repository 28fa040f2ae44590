/** The executable, and a store that it cannot read. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { tempFolder } from '../support/temp-folder.ts';
import { command, environmentOf } from './command.ts';

describe('mqttrep, with the store of another version,', function () {
  this.timeout(60_000);

  for (const [whose, content, reason] of [
    [
      'a later version',
      'mqttrep\x03 as only a later version reads it',
      'a later version of mqttrep wrote it',
    ],
    ['another program', 'the log of another program', 'it does not begin like a store of mqttrep'],
  ] as const) {
    it(`ends with 78, says what to do, and leaves the file alone, where ${whose} wrote it`, async () => {
      const store = tempFolder('version');
      const file = join(store, 'state-4.log');
      writeFileSync(file, content);
      const brokers = { OSLO: { url: 'mqtt://127.0.0.1:1' }, PARIS: { url: 'mqtt://127.0.0.1:2' } };
      const environment = environmentOf(brokers, { MQTTREP_STORE: store });
      const { code, stderr } = await command(['run'], environment);
      expect(code, stderr).to.equal(78);
      expect(stderr).to.contain(`${file} is left as it is`).and.contain(reason).and.contain('MQTTREP_STORE');
      expect(stderr).not.to.contain('damaged');
      expect(readFileSync(file, 'latin1')).to.equal(content);
    });
  }
});
