/** Brokers that let an account have one connection: mqttrep asks on that one what they retain. */

import { expect } from 'chai';
import { inFull } from '../support/in-full.ts';
import type { BrokerLimits } from '../support/limits/broker-limits.ts';
import { LimitedBroker } from '../support/limits/limited-broker.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { patience, type ReplicationFixture } from './replication-fixture.ts';

const TREATMENTS = [
  ['refuses the second connection of an account', 'refuses the second'],
  ['throws the first connection of an account out when a second comes', 'throws the first out'],
] as const satisfies readonly (readonly [string, BrokerLimits['oneConnection']])[];

const VERSIONS = [
  ['MQTT 3.1.1', 4],
  ['MQTT 5', 5],
] as const;

for (const [version, protocolVersion] of inFull(VERSIONS.slice(), VERSIONS.slice(0, 1))) {
  for (const [title, oneConnection] of TREATMENTS) {
    describe(`A broker that ${title} (${version})`, function () {
      this.timeout(8 * patience);

      const fixtures = fixtureHooks();
      let fixture: ReplicationFixture;
      let limited: LimitedBroker;

      beforeEach(async () => {
        const brokers = { OSLO: await startMosquitto(), PARIS: await startMosquitto() };
        limited = await LimitedBroker.before(brokers.PARIS.port, { oneConnection });
        const config = { protocolVersion, reconnectPeriod: 50, username: 'replicator' };
        fixture = await fixtures.start({
          brokers,
          links: { PARIS: limited },
          configs: { OSLO: config, PARIS: config },
          environment: {
            MQTTREP_TOPIC_all: '#',
            MQTTREP_TOPIC_own: 'own',
            MQTTREP_QOS_own: '1',
            MQTTREP_STORE: tempFolder('store'),
            MQTTREP_SCAN_PERIOD: '1',
          },
        });
      });

      const linesWith = (text: string) =>
        fixture.mqttrep.stderr.split('\n').filter(line => line.includes(text));

      /** Topics that are new, or were held while the link was cut, are asked for. */
      const deleteWhileAway = async (topic: string) => {
        await fixture.publish('OSLO', topic, 'kept until then', { retain: true });
        await fixture.retainedEverywhere(topic, 'kept until then');
        await fixture.settled();
        await fixture.marked();
        limited.link.cut();
        await fixture.publish('PARIS', topic, '', { retain: true });
        limited.link.heal();
        await fixture.retainedEverywhere(topic, undefined, { within: 3 * patience });
      };

      it('retains what is retained elsewhere, and the other way round, and a deletion while away is carried', async () => {
        await fixture.publish('PARIS', 'there', '1', { retain: true });
        await fixture.publish('OSLO', 'here', '2', { retain: true });
        await fixture.retainedEverywhere('there', '1', { within: 3 * patience });
        await fixture.retainedEverywhere('here', '2', { within: 3 * patience });
        await deleteWhileAway('away/deleted');
        await fixture.mqttrep.line('PARIS: the broker allows one connection of this account only', patience);
        expect(linesWith('the broker allows one connection')).to.have.length(1);
        await fixture.settled();
        const lost = linesWith('PARIS: connection lost').length;
        await deleteWhileAway('away/once more');
        await deleteWhileAway('own');
        await fixture.publish('PARIS', 'own', 'still subscribed to', { retain: true });
        await fixture.retainedEverywhere('own', 'still subscribed to');
        await fixture.publish('PARIS', 'own', 'and again', { retain: true });
        await fixture.retainedEverywhere('own', 'and again');
        await fixture.settled();
        // Those that the spec cut.
        expect(linesWith('PARIS: connection lost')).to.have.length.of.at.most(lost + 2);
        expect(lost).to.be.at.most(oneConnection === 'refuses the second' ? 1 : 3);
        expect(limited.connections).to.equal(1);
      });

      it('hands a message that is not retained on once, while its topic is asked for', async () => {
        // What comes while a second connection throws the first one out is lost.
        await fixture.publish('PARIS', 'looked at', 'repeatedly', { retain: true });
        await fixture.mqttrep.line(
          'PARIS: the broker allows one connection of this account only',
          2 * patience,
        );
        await fixture.settled();
        for (let index = 0; index < 20; index++)
          await fixture.publish('PARIS', `event/${index}`, 'passes', { qos: 1 });
        await fixture.settled();
        for (let index = 0; index < 20; index++) {
          expect(await fixture.copy('OSLO', `event/${index}`)).to.include({
            payload: 'passes',
            retain: false,
          });
        }
      });
    });
  }
}
