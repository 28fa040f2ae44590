/** Brokers that let an account have one connection, and event topics, which need a second one: mqttrep says so, and state goes on. */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { inFull } from '../support/in-full.ts';
import type { BrokerLimits } from '../support/limits/broker-limits.ts';
import { LimitedBroker } from '../support/limits/limited-broker.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { eventEnvironment, eventStatus, numbered } from './event-fixture.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { patience, type ReplicationFixture } from './replication-fixture.ts';

const TREATMENTS = [
  ['refuses the second connection of an account', 'refuses the second', 'it refuses the event connection'],
  [
    'closes the first connection when a second comes',
    'throws the first out',
    'it closes the state connection',
  ],
] as const satisfies readonly (readonly [string, BrokerLimits['oneConnection'], string])[];

/** Over MQTT 5 the treatments take more than a minute. */
for (const protocolVersion of inFull([5, 4] as const, [4] as const)) {
  for (const [title, oneConnection, evidence] of TREATMENTS) {
    describe(`Event topics at a broker that ${title} (MQTT ${protocolVersion === 5 ? '5' : '3.1.1'})`, function () {
      this.timeout(12 * patience);

      const fixtures = fixtureHooks();
      let fixture: ReplicationFixture;
      let limited: LimitedBroker;
      let port: number;

      beforeEach(async () => {
        const brokers = { OSLO: await startMosquitto(), PARIS: await startMosquitto() };
        limited = await LimitedBroker.before(brokers.PARIS.port, { oneConnection });
        const config = { protocolVersion, reconnectPeriod: 50, username: 'replicator' };
        const events = await eventEnvironment();
        port = events.port;
        fixture = await fixtures.start({
          brokers,
          links: { PARIS: limited },
          configs: { OSLO: config, PARIS: config },
          environment: events.environment,
        });
      });

      const linesWith = (text: string) =>
        fixture.mqttrep.stderr.split('\n').filter(line => line.includes(text));

      it('says so once with the fix, replicates state, and keeps events for it', async () => {
        const said = 'PARIS: events: the broker allows one connection of this account only';
        await fixture.mqttrep.line(said, 8 * patience);
        expect(linesWith(said)).to.have.length(1);
        expect(linesWith(said)[0])
          .to.match(/ error /)
          .and.contain(evidence)
          .and.contain('permit the account a second connection')
          .and.contain('MQTTREP_PUBLISH_BLACKLIST_{id}');
        await fixture.publish('OSLO', 'status/lamp', 'on', { retain: true });
        await fixture.publish('PARIS', 'status/door', 'open', { retain: true });
        await fixture.retainedEverywhere('status/lamp', 'on', { within: 3 * patience });
        await fixture.retainedEverywhere('status/door', 'open', { within: 3 * patience });
        for (const payload of numbered('oslo', 3)) await fixture.publish('OSLO', 'cmd/a', payload);
        await eventually(async () => expect((await eventStatus(port, 'PARIS')).queued).to.equal(3), {
          within: 2 * patience,
        });
        const lost = linesWith('PARIS: connection lost').length;
        limited.link.cut();
        await fixture.publish('OSLO', 'status/lamp', 'off', { retain: true });
        limited.link.heal();
        await fixture.retainedEverywhere('status/lamp', 'off', { within: 3 * patience });
        await fixture.settled();
        // By the cut.
        expect(linesWith('PARIS: connection lost')).to.have.length.of.at.most(lost + 2);
        expect(linesWith(said)).to.have.length(1);
      });
    });
  }
}
