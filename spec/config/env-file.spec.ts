/** The env file means the same to mqttrep as to `node --env-file`, and the environment always wins over it. */

import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { mergeEnv, parseEnvFile } from '../../lib/config/env-file.ts';

describe('parseEnvFile', () => {
  it('reads assignments, comments, quotes and export', () => {
    const text = [
      '# brokers',
      'MQTTREP_CLIENT_oslo=mqtt://oslo  # Norway',
      'export MQTTREP_TOPIC_a="canards/#"',
      `MQTTREP_CONFIG_oslo='{"password":"a#b"}'`,
      'EMPTY=',
    ].join('\n');
    expect(parseEnvFile(text)).to.deep.equal({
      MQTTREP_CLIENT_oslo: 'mqtt://oslo',
      MQTTREP_TOPIC_a: 'canards/#',
      MQTTREP_CONFIG_oslo: '{"password":"a#b"}',
      EMPTY: '',
    });
  });

  it('takes an unquoted # as a comment, for which readConfig has a warning', () => {
    expect(parseEnvFile('A=canards/#')).to.deep.equal({ A: 'canards/' });
  });

  it('reads files of Windows', () => {
    expect(parseEnvFile('\uFEFFA=1\r\nB=2\r\n')).to.deep.equal({ A: '1', B: '2' });
  });

  it('ignores a line that is not an assignment, and keeps the next', () => {
    expect(parseEnvFile('nonsense\nA=1')).to.deep.equal({ A: '1' });
  });

  it('reads nothing from an empty file', () => {
    expect(parseEnvFile('')).to.deep.equal({});
  });

  it('uses no function of Node.js that prints a warning', () => {
    const script = "import { parseEnv } from 'node:util'; parseEnv('A=1');";
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script]);
    expect(`${stdout}${stderr}`).to.equal('');
  });
});

describe('mergeEnv', () => {
  it('lets the real environment win over the file, even with an empty value', () => {
    const merged = mergeEnv({ A: 'file', B: 'file', C: 'file' }, { A: 'real', B: '', D: 'real' });
    expect(merged).to.deep.equal({ A: 'real', B: '', C: 'file', D: 'real' });
  });

  it('does not let an undefined variable hide the file', () => {
    expect(mergeEnv({ A: 'file' }, { A: undefined })).to.deep.equal({ A: 'file' });
  });
});
