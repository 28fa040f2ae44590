/** The command line: what the executable prints, and its exit codes, without a connection. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { commandList } from '../../lib/cli/commands.ts';
import { startAedes } from '../support/aedes-broker.ts';
import { type Environment, startMqttrep } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function mqttrep(args: readonly string[], environment: Environment = {}): Promise<Outcome> {
  const running = startMqttrep(environment, args);
  const limit = setTimeout(() => running.kill('SIGKILL'), 10_000);
  const { code } = await running.exit;
  clearTimeout(limit);
  return { code, stdout: running.stdout, stderr: running.stderr };
}

const commands = commandList().map(({ name }) => name);

const valid = {
  MQTTREP_CLIENT_OSLO: 'mqtt://saturnin:s3cret-1@oslo.example:1884',
  MQTTREP_CLIENT_PARIS: 'wss://paris.example/mqtt?token=s3cret-2',
  MQTTREP_CONFIG_PARIS: '{"username":"s3cret-3","password":"s3cret-4","maxQos":1,"keepalive":30}',
  MQTTREP_TOPIC_ducks: 'canards/#',
  MQTTREP_RETAIN_ducks: 'true',
};

const invalid = {
  MQTTREP_CLIENT_OSLO: 'amqp://saturnin:s3cret-1@oslo.example',
  MQTTREP_CLIENT_PARIS: 'mqtt://paris.example',
  MQTTREP_CONFIG_PARIS: '{"password":"s3cret-2",}',
  MQTTREP_TOPIC_ducks: 'canards/#/name',
  MQTTREP_TOPIC_geese: 'oies/#',
  MQTTREP_QOS_geese: '3',
  MQTTREP_TTL_geese: '-1',
  MQTTREP_SUBSCRIBE_WHITELIST_geese: 'LIMA',
  MQTTREP_MERGE_FREQUENCY: '0',
};

const wrongVariables = [
  'MQTTREP_CLIENT_OSLO',
  'MQTTREP_CONFIG_PARIS',
  'MQTTREP_TOPIC_ducks',
  'MQTTREP_QOS_geese',
  'MQTTREP_TTL_geese',
  'MQTTREP_SUBSCRIBE_WHITELIST_geese',
  'MQTTREP_MERGE_FREQUENCY',
];

function envFile(variables: Environment): string {
  const file = join(tempFolder('env'), 'mqttrep.env');
  writeFileSync(
    file,
    Object.entries(variables)
      .map(([name, value]) => `${name}='${value}'\n`)
      .join(''),
  );
  return file;
}

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
        const { code, stdout, stderr } = await mqttrep(args, valid);
        expect({ code, stdout }).to.deep.equal({ code: 64, stdout: '' });
        expect(stderr).to.contain(what).and.contain("'mqttrep --help'").and.not.contain('    at ');
      });
    }
  });

  describe('with errors in the configuration, ends with 78 and names all errors at once:', () => {
    for (const command of ['', 'run', 'check', 'config', 'config --json']) {
      it(`mqttrep ${command}`, async () => {
        const args = command.split(' ').filter(word => word !== '');
        const { code, stdout, stderr } = await mqttrep(args, invalid);
        expect({ code, stdout }).to.deep.equal({ code: 78, stdout: '' });
        const named = [...stderr.matchAll(/^error: +(\w+): (.+); (.+)$/gm)].map(([, variable]) => variable);
        expect(named).to.have.members(wrongVariables);
        expect(stderr).not.to.contain('s3cret');
      });
    }

    it('without a connection to any broker', async () => {
      const broker = await startAedes();
      const { code } = await mqttrep([], { ...invalid, MQTTREP_CLIENT_PARIS: broker.url });
      expect(code).to.equal(78);
      expect(broker.log()).to.equal('');
      await broker.stop();
    });

    it('and tells which variables are necessary, if none is set', async () => {
      const { code, stderr } = await mqttrep([]);
      expect(code).to.equal(78);
      expect(stderr).to.contain('MQTTREP_CLIENT_').and.contain('MQTTREP_TOPIC_');
    });
  });

  describe('check', () => {
    it('prints that the configuration is valid, and connects to no broker', async () => {
      const broker = await startAedes();
      const { code, stdout, stderr } = await mqttrep(['check'], {
        ...valid,
        MQTTREP_CLIENT_LIMA: broker.url,
      });
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout).to.contain('valid').and.contain('3 brokers').and.contain('1 topic filter');
      expect(broker.log()).to.equal('');
      await broker.stop();
    });

    it('--json prints the same for programs', async () => {
      const { code, stdout, stderr } = await mqttrep(['check', '--json'], valid);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).to.deep.include({
        valid: true,
        errors: [],
        brokers: ['OSLO', 'PARIS'],
        filters: ['canards/#'],
      });
    });

    for (const args of [
      ['check', '--json'],
      ['check', '--connect', '--json'],
    ]) {
      it(`mqttrep ${args.join(' ')} prints the errors for programs, without secrets`, async () => {
        const { code, stdout, stderr } = await mqttrep(args, invalid);
        expect({ code, stderr }).to.deep.equal({ code: 78, stderr: '' });
        const { valid: isValid, errors } = JSON.parse(stdout);
        expect(isValid).to.equal(false);
        const variables = errors.map(({ variable }: { variable: string }) => variable);
        expect(variables).to.have.members(wrongVariables);
        expect(stdout).not.to.contain('s3cret');
      });
    }

    it('ends with 0 if there are only warnings', async () => {
      const { code, stderr } = await mqttrep(['check'], { ...valid, MQTTREP_RETIAN_ducks: 'true' });
      expect(code).to.equal(0);
      expect(stderr).to.match(/^warning: MQTTREP_RETIAN_ducks: .*MQTTREP_RETAIN_ducks/m);
    });
  });

  describe('config', () => {
    it('prints the effective configuration, without secrets', async () => {
      const { code, stdout } = await mqttrep(['config'], valid);
      expect(code).to.equal(0);
      expect(stdout).to.contain('OSLO').and.contain('oslo.example:1884').and.contain('canards/#');
      expect(stdout).not.to.contain('s3cret');
    });

    it('--json prints it for programs, without secrets', async () => {
      const { code, stdout } = await mqttrep(['config', '--json'], valid);
      expect(code).to.equal(0);
      expect(stdout).not.to.contain('s3cret');
      const data: unknown = JSON.parse(stdout);
      expect(data).to.have.nested.property('brokers[1].maxQos', 1);
      expect(data).to.have.nested.property('brokers[1].options.keepalive', 30);
      expect(data).to.have.nested.property('topics[0].filter', 'canards/#');
      expect(data).to.have.property('mergeFrequency', 1);
    });
  });

  describe('--env-file', () => {
    it('adds variables to the environment, which wins', async () => {
      const args = ['config', '--json', '--env-file', envFile({ ...valid, MQTTREP_MERGE_FREQUENCY: '5' })];
      const { code, stdout } = await mqttrep(args, { MQTTREP_TOPIC_ducks: 'oies/#' });
      expect(code).to.equal(0);
      const data: unknown = JSON.parse(stdout);
      expect(data).to.have.property('mergeFrequency', 5);
      expect(data).to.have.nested.property('topics[0].filter', 'oies/#');
    });

    it('ends with 78 if the file cannot be read', async () => {
      const { code, stderr } = await mqttrep(['check', '--env-file', '/nowhere/mqttrep.env'], valid);
      // Node.js 20 also reads its own option of this name behind the script, and ends with 9 before mqttrep starts.
      expect(code).to.equal(process.versions.node.startsWith('20.') ? 9 : 78);
      expect(stderr).to.contain('/nowhere/mqttrep.env');
    });

    it('configures the replicator', async () => {
      const broker = await startAedes();
      const file = envFile({
        MQTTREP_CLIENT_A: broker.url,
        MQTTREP_TOPIC_all: '#',
        MQTTREP_CONFIG_A: '{"protocolVersion":4}',
      });
      const running = startMqttrep({}, ['run', '--env-file', file]);
      await running.line('A: connected');
      expect(await running.stop()).to.deep.equal({ code: 0, signal: null });
      await broker.stop();
    });
  });
});
