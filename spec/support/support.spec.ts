/** The other helpers of tests: a wrong helper would make tests wrong. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { startAedes } from './aedes-broker.ts';
import { TestClient } from './client.ts';
import { expectEqualBrokers } from './equal.ts';
import { eventually } from './eventually.ts';
import { failureOf } from './failure-of.ts';
import { freePort } from './free-port.ts';
import { Link } from './link.ts';
import { type Environment, MqttrepProcess } from './mqttrep-process.ts';
import { publishMany } from './publish-many.ts';
import { tempFolder } from './temp-folder.ts';

describe('The helpers of specs', () => {
  describe('a client', () => {
    it('rejects a publish that was never acknowledged', async () => {
      const broker = await startAedes();
      const link = await Link.to(broker.port);
      const client = await TestClient.connect(link.url);
      link.freeze();
      const pending = failureOf(client.publish('pending', '1'));
      link.cut();
      expect((await pending).message).to.contain('closed');
      await client.end();
      await link.close();
      await broker.stop();
    });

    it('reports what it received while it waited for another message', async () => {
      const broker = await startAedes();
      const client = await TestClient.connect(broker.url);
      await client.subscribe('#');
      await client.publish('other', 'value');
      await client.waitFor(({ topic }) => topic === 'other');
      const failure = await failureOf(client.waitFor(({ topic }) => topic === 'never', 20));
      expect(failure.message).to.contain('within 20 ms').and.contain('other = value');
      await client.end();
      await broker.stop();
    });
  });

  describe('eventually', () => {
    it('waits until an assertion holds', async () => {
      let attempts = 0;
      await eventually(() => expect(++attempts).to.equal(3));
    });

    it('rethrows the last failure with how long it waited', async () => {
      let attempts = 0;
      const failure = await failureOf(
        eventually(() => expect(++attempts, 'attempts').to.equal(0), { within: 100 }),
      );
      expect(failure.message).to.match(
        /attempts: expected \d+ to equal \+?0 \(after \d+ ms and \d+ attempts\)/,
      );
      expect(failure).to.include({ expected: 0 });
    });

    it('times out even if the assertion never ends', async () => {
      const failure = await failureOf(eventually(() => new Promise<void>(() => undefined), { within: 50 }));
      expect(failure.message).to.contain('did not end');
    });
  });

  describe('expectEqualBrokers', () => {
    it('waits until brokers retain the same, and else lists what differs', async () => {
      const [one, two] = await Promise.all([startAedes(), startAedes()]);
      const urls = [one.url, two.url];
      await publishMany(one.url, 12, index => `only/${String(index).padStart(2, '0')}`);
      // Long enough for one look at the brokers, however busy the machine is.
      const failure = await failureOf(expectEqualBrokers(urls, { within: 2000 }));
      expect(failure.message)
        .to.contain('differ in 12 topics')
        .and.contain(`  only/00\n    ${one.url}  "value 0"\n    ${two.url}  (none)`)
        .and.contain('only/09')
        .and.contain('and 2 more');
      expect(failure.message).not.to.contain('only/10');
      const equal = expectEqualBrokers(urls);
      await publishMany(two.url, 12, index => `only/${String(index).padStart(2, '0')}`);
      await equal;
      await Promise.all([one.stop(), two.stop()]);
    });
  });

  describe('a free port', () => {
    it('is never returned twice, and is no port of outgoing connections', async () => {
      const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
      expect(new Set(ports).size).to.equal(50);
      expect(Math.max(...ports)).to.be.lessThan(32_768);
    });
  });

  describe('a process', () => {
    const program = `
      console.log(JSON.stringify(process.env));
      process.on('SIGTERM', () => { process.stdout.write('stopped'); process.exit(3); });
      process.on('SIGUSR2', () => console.error('signalled', process.argv[2]));
      setInterval(() => undefined, 1000);
      console.log('ready');
    `;

    function run(source: string, environment: Environment = {}, args: readonly string[] = []) {
      const script = join(tempFolder('script'), 'program.mjs');
      writeFileSync(script, source);
      return new MqttrepProcess(script, environment, args);
    }

    it('gets only its environment, prints lines, and ends with its code', async () => {
      const running = run(program, { MQTTREP_MERGE_FREQUENCY: '10' }, ['argument']);
      await running.line('ready');
      const environment: Record<string, string> = JSON.parse(await running.line(/^\{/));
      expect(environment).to.include({ MQTTREP_MERGE_FREQUENCY: '10', PATH: process.env.PATH });
      expect(environment.HOME).not.to.equal(process.env.HOME);
      expect(environment).to.not.have.any.keys('CI', 'USER', 'npm_lifecycle_event');
      running.kill('SIGUSR2');
      expect(await running.line(/signalled/)).to.equal('signalled argument');
      expect(await running.stop()).to.deep.equal({ code: 3, signal: null });
      expect(await running.line('stopped')).to.equal('stopped');
      expect(running.stderr).to.equal('signalled argument\n');
      expect((await failureOf(running.line('never'))).message)
        .to.contain('ended')
        .and.contain('ready');
    });

    it('can be killed, and measured while it runs', async function () {
      if (process.platform !== 'linux') this.skip();
      const running = run('while (true) if (process.hrtime()[1] % 100 === 0) process.stdout.write("");');
      await eventually(() => expect(running.cpuMicroseconds()).to.be.greaterThan(100_000));
      expect(running.residentBytes()).to.be.within(10_000_000, 200_000_000);
      expect(await running.stop('SIGKILL')).to.deep.equal({ code: null, signal: 'SIGKILL' });
      expect(() => running.residentBytes()).to.throw();
    });
  });
});
