/** How the executable ends when it is told to. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { Link } from '../support/link.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { aedes, mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

/** mqttrep ends after so many milliseconds, drained or not; PM2 and systemd are told to wait longer. */
const stopLimit = 8000;

describe('mqttrep, when it is stopped,', function () {
  this.timeout(4 * patience);

  const fixtures = fixtureHooks({ requiresMosquitto: false });
  let fixture: ReplicationFixture;

  /** What mqttrep itself has left at a broker: no more than the marker by which it knows that broker again. */
  async function leftovers(site: string): Promise<string[]> {
    const client = await fixture.client(site);
    await client.publish('$sentinel/leftovers', 'the end', { retain: true });
    await client.subscribe(['mqttrep/#', '$sentinel/leftovers'], { qos: 0 });
    await client.waitFor(({ topic }) => topic === '$sentinel/leftovers', patience);
    return client.messages.map(({ topic }) => topic).filter(topic => topic.startsWith('mqttrep/'));
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`by ${signal}: sends what was written just before, and ends with 0`, async function () {
      requireMosquitto(this);
      const brokers = { ...(await mosquittos(['OSLO', 'PARIS'])), ...(await aedes(['QUEBEC'])) };
      // The next tick would come in a minute.
      fixture = await fixtures.start({ brokers, environment: { MQTTREP_MERGE_FREQUENCY: '0.016' } });
      const writer = await fixture.client('OSLO');
      for (let index = 0; index < 100; index++) {
        await writer.publish(`last/${index}`, 'just before', { retain: true });
      }
      await writer.publish('last/passing', 'just before');
      const watchers = await Promise.all(fixture.others('OSLO').map(site => fixture.watch(site)));
      const start = performance.now();
      expect(await fixture.mqttrep.stop(signal)).to.deep.equal({ code: 0, signal: null });
      expect(performance.now() - start).to.be.lessThan(stopLimit);
      for (const watcher of watchers)
        await watcher.waitFor(({ topic }) => topic === 'last/passing', patience);
      for (const site of fixture.sites) {
        expect(await retainedOf(fixture.broker(site).url, 'last/#')).to.have.property('size', 100);
        const left = await leftovers(site);
        expect(left).to.have.length(1);
        expect(left[0]).to.match(new RegExp(`^mqttrep/[\\w-]+/marker/${site}$`));
      }
    });
  }

  it('leaves nothing behind at a broker where it could not find it again', async () => {
    const environment = { MQTTREP_STORE: 'memory' };
    fixture = await fixtures.start({ brokers: await aedes(['OSLO', 'PARIS']), environment });
    await fixture.publish('OSLO', 'new', 'x', { retain: true });
    await fixture.retainedEverywhere('new', 'x');
    await fixture.settled();
    expect(await fixture.mqttrep.stop()).to.deep.equal({ code: 0, signal: null });
    for (const site of fixture.sites) expect(await leftovers(site)).to.deep.equal([]);
  });

  it('while nothing can be reached, ends at once with 0', async () => {
    const brokers = await aedes(['OSLO', 'PARIS']);
    for (const broker of Object.values(brokers)) await broker.stop();
    fixture = fixtures.create({ brokers });
    fixture.run();
    await fixture.mqttrep.line('cannot connect');
    const start = performance.now();
    expect(await fixture.mqttrep.stop()).to.deep.equal({ code: 0, signal: null });
    expect(performance.now() - start).to.be.lessThan(stopLimit / 2);
  });

  describe('while a broker has fallen silent,', () => {
    let link: Link;

    beforeEach(async () => {
      const brokers = await aedes(['OSLO', 'PARIS']);
      link = await Link.to(brokers.PARIS.port);
      fixture = await fixtures.start({ brokers, links: { PARIS: link } });
      link.freeze();
      await fixture.publish('OSLO', 'stuck', 'x', { retain: true });
    });

    it('ends at a second signal at once', async () => {
      fixture.mqttrep.kill('SIGINT');
      await fixture.mqttrep.line('SIGINT: stopping');
      const start = performance.now();
      expect(await fixture.mqttrep.stop('SIGINT')).to.deep.equal({ code: 1, signal: null });
      expect(performance.now() - start).to.be.lessThan(stopLimit / 2);
    });

    it('ends after 8 s at the latest, says what it has not delivered, and ends with 1', async () => {
      await fixture.copies('OSLO', 'stuck', 1);
      const start = performance.now();
      expect(await fixture.mqttrep.stop('SIGTERM')).to.deep.equal({ code: 1, signal: null });
      expect(performance.now() - start).to.be.lessThan(stopLimit);
      expect(fixture.mqttrep.stderr).to.match(
        /warn {2}PARIS did not accept \d+ messages in time; they are sent at the next start/,
      );
    });
  });

  describe('while its store does not answer, as on a network drive that is gone,', () => {
    /** To open a pipe without a writer waits without end, and no thread that waits for it can be ended. */
    function startAtSilentStore() {
      const folder = tempFolder('silent-store');
      execFileSync('mkfifo', [join(folder, 'state-1.log')]);
      return startMqttrep({
        MQTTREP_CLIENT_A: 'mqtt://127.0.0.1:9',
        MQTTREP_CLIENT_B: 'mqtt://127.0.0.2:9',
        MQTTREP_TOPIC_all: '#',
        MQTTREP_STORE: folder,
        // Its address appears in the log when mqttrep obeys signals.
        MQTTREP_HTTP: '0',
      });
    }

    it('ends after 8 s at the latest', async () => {
      const mqttrep = startAtSilentStore();
      await mqttrep.line('status page');
      const start = performance.now();
      expect((await mqttrep.stop('SIGTERM')).code).not.to.equal(0);
      expect(performance.now() - start).to.be.lessThan(stopLimit);
      expect(mqttrep.stderr).to.contain('the reconciler did not end in time');
    });

    it('ends at a second signal at once', async () => {
      const mqttrep = startAtSilentStore();
      await mqttrep.line('status page');
      mqttrep.kill('SIGINT');
      await mqttrep.line('SIGINT: stopping');
      const start = performance.now();
      expect((await mqttrep.stop('SIGINT')).code).not.to.equal(0);
      expect(performance.now() - start).to.be.lessThan(stopLimit / 2);
    });
  });
});
