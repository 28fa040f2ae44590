/** Deletions that mqttrep did not hear: one is believed, many are held until a person decides. */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { inFull } from '../support/in-full.ts';
import { Link } from '../support/link.ts';
import { publishMany } from '../support/publish-many.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { command } from './command.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience, type ReplicationFixture } from './replication-fixture.ts';

const TOPICS = 300;
const HELD = /error.* PARIS: 300 topics \(such as "home\/\d+"\) are gone.*'mqttrep confirm-deletions PARIS'/;

const VERSIONS = [
  ['MQTT 3.1.1', 4],
  ['MQTT 5', 5],
] as const;

for (const [version, protocolVersion] of inFull(VERSIONS.slice(), VERSIONS.slice(0, 1))) {
  describe(`Topics that are deleted at a broker while it is away (${version})`, function () {
    this.timeout(6 * patience);

    const fixtures = fixtureHooks();
    let fixture: ReplicationFixture;
    let link: Link;
    let http: string;

    beforeEach(async () => {
      const brokers = await mosquittos(['OSLO', 'PARIS']);
      link = await Link.to(brokers.PARIS.port);
      http = `127.0.0.1:${await freePort()}`;
      const config = { protocolVersion, reconnectPeriod: 100 };
      fixture = await fixtures.start({
        brokers,
        links: { PARIS: link },
        configs: { OSLO: config, PARIS: config },
        environment: { MQTTREP_HTTP: http, MQTTREP_STORE: tempFolder('store'), MQTTREP_SCAN_PERIOD: '1' },
      });
      await publishMany(brokers.OSLO.url, TOPICS, index => `home/${index}`);
      await sizeAt('PARIS', TOPICS);
      await fixture.settled();
      await fixture.marked();
    });

    const sizeAt = (site: string, size: number) =>
      eventually(
        async () =>
          expect(await retainedOf(fixture.broker(site).url, 'home/#')).to.have.property('size', size),
        { within: patience },
      );

    async function deleteWhileAway(topics: number): Promise<void> {
      link.cut();
      const client = await fixture.client('PARIS');
      for (let index = 0; index < topics; index++) await client.deleteRetained(`home/${index}`);
      link.heal();
    }

    const mqttrep = (...args: string[]) => command(args, { MQTTREP_HTTP: http });

    it('are deleted everywhere where it is one', async () => {
      await deleteWhileAway(1);
      await fixture.retainedEverywhere('home/0', undefined);
      await sizeAt('OSLO', TOPICS - 1);
    });

    it('are held where they are many, over a restart, until a person confirms', async () => {
      await deleteWhileAway(TOPICS);
      await fixture.mqttrep.line(HELD, 2 * patience);
      await fixture.settled();
      await sizeAt('OSLO', TOPICS);
      const { stdout } = await mqttrep('status');
      expect(stdout).to.contain(
        "PARIS: 300 topics gone, maybe deleted: 'mqttrep confirm-deletions PARIS' deletes at all brokers, with --refuse",
      );
      expect(stdout).to.match(/, 300 diverging/);
      const metrics = await (await fetch(`http://${http}/metrics`)).text();
      expect(metrics).to.contain('\nmqttrep_deletions_held{broker="PARIS"} 300\n');
      await fixture.mqttrep.stop();
      fixture.run();
      await fixture.mqttrep.line(HELD, 2 * patience);
      await fixture.settled();
      await sizeAt('OSLO', TOPICS);
      const confirmed = await mqttrep('confirm-deletions', 'PARIS');
      expect(confirmed).to.deep.equal({
        code: 0,
        stdout: 'PARIS: mqttrep deletes 300 topics at the other brokers\n',
        stderr: '',
      });
      await sizeAt('OSLO', 0);
      await sizeAt('PARIS', 0);
      expect((await mqttrep('confirm-deletions', 'PARIS')).stdout).to.equal(
        'PARIS: mqttrep holds no deletions\n',
      );
    });

    it('are given to the broker again where a person refuses', async () => {
      await deleteWhileAway(TOPICS);
      await fixture.mqttrep.line(HELD, 2 * patience);
      expect(await mqttrep('confirm-deletions', 'LIMA')).to.include({ code: 1, stdout: '' });
      expect(await mqttrep('confirm-deletions', 'PARIS', '--refuse')).to.include({
        code: 0,
        stdout: 'PARIS: mqttrep publishes 300 topics to it again\n',
      });
      await sizeAt('PARIS', TOPICS);
      await sizeAt('OSLO', TOPICS);
    });
  });
}
