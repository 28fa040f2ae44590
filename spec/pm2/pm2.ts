/**
 * mqttrep under a real PM2, with the ecosystem file of the package.
 *
 * Not part of `npm test`, since PM2 is no dependency: `npm run test:pm2`, with a `pm2` on the PATH.
 */

import { expect } from 'chai';
import { TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { Link } from '../support/link.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { retainedOf } from '../support/retained-of.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { Pm2Home } from './pm2-home.ts';

/** As in the ecosystem file. */
const killTimeout = 10_000;

describe('mqttrep under PM2', function () {
  this.timeout(60_000);

  let oslo: TestBroker;
  let paris: TestBroker;
  let link: Link;
  let pm2: Pm2Home;

  before(async () => {
    oslo = await startMosquitto();
    paris = await startMosquitto();
    link = await Link.to(paris.port);
  });

  after(async () => {
    await link?.close();
    await Promise.all([oslo?.stop(), paris?.stop()]);
  });

  describe('with brokers', () => {
    before(async () => {
      pm2 = new Pm2Home({
        MQTTREP_CLIENT_OSLO: oslo.url,
        MQTTREP_CLIENT_PARIS: link.url,
        MQTTREP_TOPIC_all: '#',
      });
      await pm2.open();
    });

    after(() => pm2.kill());

    async function write(topic: string): Promise<void> {
      const client = await TestClient.connect(oslo.url);
      await client.publish(topic, 'x', { retain: true });
      await client.end();
    }

    async function expectAtParis(topic: string): Promise<void> {
      await eventually(async () => expect(await retainedOf(paris.url)).to.include.keys(topic), {
        within: 15_000,
      });
    }

    it('is online only after every broker has answered', async () => {
      link.freeze();
      const started = pm2.start();
      await eventually(async () => expect(await pm2.state()).to.include({ status: 'launching' }), {
        within: 15_000,
      });
      await eventually(() => expect(pm2.stderr).to.contain('OSLO: connected'), { within: 15_000 });
      expect(await pm2.state()).to.include({ status: 'launching' });
      link.thaw();
      await started;
      expect(pm2.stderr).to.contain('PARIS: connected');
      expect(await pm2.state()).to.include({ status: 'online', restarts: 0 });
    });

    it('replicates', async () => {
      await write('under-pm2');
      await expectAtParis('under-pm2');
    });

    it('ends with 0 and is started again at a reload', async () => {
      const before = await pm2.state();
      await write('before-reload');
      await pm2.reload();
      await expectAtParis('before-reload');
      const after = await pm2.state();
      expect(after?.status).to.equal('online');
      expect(after?.pid).not.to.equal(before?.pid);
      expect(exits()).to.deep.equal(['0']);
      await write('after-reload');
      await expectAtParis('after-reload');
    });

    it('ends with 0 at a stop, after it has delivered all writes, and is not restarted', async () => {
      await write('before-stop');
      const start = performance.now();
      await pm2.stop();
      expect(performance.now() - start).to.be.lessThan(killTimeout);
      expect(await pm2.state()).to.include({ pid: 0, status: 'stopped', exitCode: 0 });
      expect(exits()).to.deep.equal(['0', '0']);
      await expectAtParis('before-stop');
      expect(pm2.log).not.to.match(/SIGKILL|not killed/i);
    });

    it('is not restarted if a user stops it without PM2', async () => {
      await pm2.start();
      const { pid = 0 } = (await pm2.state()) ?? {};
      process.kill(pid, 'SIGTERM');
      await eventually(() => expect(exits()).to.deep.equal(['0', '0', '0']), { within: killTimeout });
      await expectNoRestart();
    });
  });

  describe('with an error in its configuration', () => {
    before(async () => {
      pm2 = new Pm2Home({ MQTTREP_CLIENT_OSLO: 'amqp://oslo.example', MQTTREP_TOPIC_all: '#' });
      await pm2.open();
    });

    after(() => pm2.kill());

    it('ends with 78, logs the reason, and is not restarted', async () => {
      await pm2.start();
      await eventually(() => expect(exits()).to.deep.equal(['78']));
      await expectNoRestart();
      await eventually(() => expect(pm2.stderr).to.contain('MQTTREP_CLIENT_OSLO'));
    });
  });

  /** The exit codes of mqttrep so far. */
  function exits(): string[] {
    return [...pm2.log.matchAll(/\[mqttrep:0\] exited with code \[(\d+)\]/g)].map(([, code = '']) => code);
  }

  /** The backoff begins with 0.1 s, so a restart would have happened long before this time is over. */
  async function expectNoRestart(): Promise<void> {
    const before = exits().length;
    const starts = () => [...pm2.log.matchAll(/\[mqttrep:0\] starting in/g)].length;
    const started = starts();
    const since = performance.now();
    await eventually(() => expect(performance.now() - since).to.be.greaterThan(2000));
    expect(starts()).to.equal(started);
    expect(exits()).to.have.length(before);
    expect(await pm2.state()).to.include({ pid: 0 });
  }
});
