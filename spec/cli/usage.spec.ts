/** The command line: help, version, and the exit code of a wrong use. */

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { commandList } from '../../lib/cli/commands.ts';
import { command as mqttrep } from './command.ts';
import { VALID } from './environments.ts';

const commands = commandList().map(({ name }) => name);

describe('the command line of mqttrep', () => {
  describe('--help', () => {
    for (const option of ['--help', '-h']) {
      it(`${option} lists every command, and the exit codes`, async () => {
        const { code, stdout, stderr } = await mqttrep([option]);
        expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
        expect(stdout)
          .to.match(/^Usage: mqttrep/m)
          .and.contain('--env-file')
          .and.contain('78');
        for (const command of commands) expect(stdout).to.match(new RegExp(`^ +${command} `, 'm'));
      });
    }

    for (const command of commands) {
      it(`${command} --help prints how to use the command, without a configuration`, async () => {
        const { code, stdout, stderr } = await mqttrep([command, '--help']);
        expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
        expect(stdout)
          .to.match(new RegExp(`^Usage: mqttrep \\[?${command}`))
          .and.contain('Example');
      });
    }
  });

  for (const option of ['--version', '-V']) {
    it(`${option} prints the version of the package`, async () => {
      const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
      const { code, stdout } = await mqttrep([option]);
      expect(code).to.equal(0);
      expect(manifest).to.include({ name: 'mqttrep', version: stdout.trim() });
    });
  }

  describe('used wrongly, ends with 64 and the reason:', () => {
    for (const [args, what] of [
      [['replicate'], "'replicate'"],
      [['run', 'fast'], "'fast'"],
      [['--fast'], "'--fast'"],
      [['check', '--fast'], "'--fast'"],
      [['run', '--json'], '--json'],
      [['check', '--seconds', '3'], '--seconds'],
      [['run', '--env-file'], '--env-file'],
      [['demo', '--seconds', 'ten'], "'ten'"],
      [['completion'], 'needs a shell'],
      [['completion', 'csh'], "'csh'"],
      [['completion', 'bash', 'zsh'], "'zsh'"],
      [['toString'], "'toString'"],
      [['__proto__'], "'__proto__'"],
      [['constructor', '--help'], "'constructor'"],
    ] as const) {
      it(`mqttrep ${args.join(' ')}`, async () => {
        const { code, stdout, stderr } = await mqttrep(args, VALID);
        expect({ code, stdout }).to.deep.equal({ code: 64, stdout: '' });
        expect(stderr).to.contain(what).and.contain("'mqttrep --help'").and.not.contain('    at ');
      });
    }
  });
});
