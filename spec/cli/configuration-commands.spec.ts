/** What the commands print of a configuration, sound or wrong, and their exit codes, without a connection. */

import { expect } from 'chai';
import { startAedes } from '../support/aedes-broker.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { command as mqttrep } from './command.ts';
import { envFile, INVALID, VALID, WRONG_VARIABLES } from './environments.ts';

describe('the command line of mqttrep', () => {
  describe('with errors in the configuration, ends with 78 and names all errors at once:', () => {
    for (const command of ['', 'run', 'check', 'config', 'config --json']) {
      it(`mqttrep ${command}`, async () => {
        const args = command.split(' ').filter(word => word !== '');
        const { code, stdout, stderr } = await mqttrep(args, INVALID);
        expect({ code, stdout }).to.deep.equal({ code: 78, stdout: '' });
        const named = [...stderr.matchAll(/^error: +(\w+): (.+); (.+)$/gm)].map(([, variable]) => variable);
        expect(named).to.have.members(WRONG_VARIABLES);
        expect(stderr).not.to.contain('s3cret');
      });
    }

    it('without a connection to any broker', async () => {
      const broker = await startAedes();
      const { code } = await mqttrep([], { ...INVALID, MQTTREP_CLIENT_PARIS: broker.url });
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
        ...VALID,
        MQTTREP_CLIENT_LIMA: broker.url,
      });
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout).to.contain('valid').and.contain('3 brokers').and.contain('1 topic filter');
      expect(broker.log()).to.equal('');
      await broker.stop();
    });

    it('--json prints the same for programs', async () => {
      const { code, stdout, stderr } = await mqttrep(['check', '--json'], VALID);
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
        const { code, stdout, stderr } = await mqttrep(args, INVALID);
        expect({ code, stderr }).to.deep.equal({ code: 78, stderr: '' });
        const { valid: isValid, errors } = JSON.parse(stdout);
        expect(isValid).to.equal(false);
        const variables = errors.map(({ variable }: { variable: string }) => variable);
        expect(variables).to.have.members(WRONG_VARIABLES);
        expect(stdout).not.to.contain('s3cret');
      });
    }

    it('ends with 0 if there are only warnings', async () => {
      const { code, stderr } = await mqttrep(['check'], { ...VALID, MQTTREP_RETIAN_ducks: 'true' });
      expect(code).to.equal(0);
      expect(stderr).to.match(/^warning: MQTTREP_RETIAN_ducks: .*MQTTREP_RETAIN_ducks/m);
    });
  });

  describe('config', () => {
    it('prints the effective configuration, without secrets', async () => {
      const { code, stdout } = await mqttrep(['config'], VALID);
      expect(code).to.equal(0);
      expect(stdout).to.contain('OSLO').and.contain('oslo.example:1884').and.contain('canards/#');
      expect(stdout).not.to.contain('s3cret');
    });

    it('--json prints it for programs, without secrets', async () => {
      const { code, stdout } = await mqttrep(['config', '--json'], VALID);
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
      const args = ['config', '--json', '--env-file', envFile({ ...VALID, MQTTREP_MERGE_FREQUENCY: '5' })];
      const { code, stdout } = await mqttrep(args, { MQTTREP_TOPIC_ducks: 'oies/#' });
      expect(code).to.equal(0);
      const data: unknown = JSON.parse(stdout);
      expect(data).to.have.property('mergeFrequency', 5);
      expect(data).to.have.nested.property('topics[0].filter', 'oies/#');
    });

    it('ends with 78 if the file cannot be read', async () => {
      const { code, stderr } = await mqttrep(['check', '--env-file', '/nowhere/mqttrep.env'], VALID);
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
