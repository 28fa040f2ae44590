/** The man page is complete, and is valid roff. */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { commandList, OPTIONS } from '../../lib/cli/commands.ts';
import { HELP, SETTINGS_HEADING } from '../../lib/cli/help.ts';
import { manPage } from '../../lib/cli/man-page.ts';
import { SETTING_GROUPS } from '../../lib/config/documented.ts';
import { plain } from '../../lib/config/setting.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe('the man page', () => {
  /** As roff. */
  const page = manPage('1.2.3');
  const text = page.replaceAll('\\-', '-').replaceAll('\\e', '\\');

  it('names every command, option and variable', () => {
    for (const { name } of commandList()) expect(text).to.contain(`\n.SS ${name}\n`);
    for (const option of Object.keys(OPTIONS)) expect(text).to.contain(`--${option}`);
    for (const { variable, help } of SETTING_GROUPS.flatMap(({ settings }) => settings)) {
      expect(text).to.contain(`\n.B ${variable}`);
      expect(text).to.contain(plain(help));
    }
  });

  it('has everything that --help says of each command', () => {
    for (const [name, help] of Object.entries(HELP)) {
      if (name === 'mqttrep') continue;
      const [aboutCommand = ''] = help.split(`\n${SETTINGS_HEADING}\n`);
      for (const line of aboutCommand.split('\n').filter(one => !/^(Usage: .*|Examples?|)$/.test(one))) {
        expect(text, name).to.contain(line.replace(/^ {2}/, ''));
      }
    }
  });

  it('can be shown without a warning', function () {
    if (spawnSync('man', ['--version']).error !== undefined) {
      if (process.env.CI === 'true') throw new Error('man is not installed (apt install man-db)');
      console.log('skipped: man is not installed');
      this.skip();
    }
    const file = join(tempFolder('man'), 'mqttrep.1');
    writeFileSync(file, page);
    const options = ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', file];
    const { status, stderr } = spawnSync('man', options, {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8', MANROFFSEQ: '', MANWIDTH: '80' },
    });
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
  });
});
