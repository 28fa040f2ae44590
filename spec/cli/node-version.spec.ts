/** An older Node.js gets one sentence, and not a stack trace. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const executable = fileURLToPath(new URL('../../bin/mqttrep.js', import.meta.url));

/** Runs `mqttrep --version` by a Node.js that says that it is of this version. */
function runAs(version: string) {
  const pretence = `Object.defineProperty(process.versions, 'node', { value: '${version}' })`;
  return spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(pretence)}`, executable, '--version'],
    { encoding: 'utf8' },
  );
}

describe('mqttrep on another Node.js', () => {
  for (const version of ['16.20.2', '18.20.4', '20.18.3', '21.7.3', '22.1.0']) {
    it(`says in one line that ${version} is too old, and ends with 78`, () => {
      const { status, stdout, stderr } = runAs(version);
      expect(status).to.equal(78);
      expect(stdout).to.equal('');
      expect(stderr).to.match(/^mqttrep needs Node\.js 20\.19, 22\.2 or newer, and this is [^\n]+\n$/);
      expect(stderr).to.contain(version);
    });
  }

  for (const version of ['20.19.0', '22.2.0', '24.0.0']) {
    it(`runs on ${version}`, () => {
      const { status, stdout } = runAs(version);
      expect(status).to.equal(0);
      expect(stdout).to.match(/^\d+\.\d+\.\d+\n$/);
    });
  }
});
