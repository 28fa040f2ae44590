/**
 * An account that may use `home/#` and nothing else: mqttrep can write no topic of its own there. What may be replicated
 * is, both ways, and the connection stands.
 */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { LIMITED_BROKERS, type LimitedBrokerName } from '../support/limits/limit-table.ts';
import { LimitedBroker } from '../support/limits/limited-broker.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { mosquittos, patience, ReplicationFixture } from './replication-fixture.ts';

/** What mqttrep says of topics of its own that it cannot write, once. */
const HOME_ONLY = {
  'grants home/# only, and is silent about the rest': undefined,
  'grants home/# only, and refuses the rest': undefined,
  'grants home/# only, and hangs up on the rest': 'the broker hangs up on messages under mqttrep/',
} as const satisfies Partial<Record<LimitedBrokerName, string | undefined>>;

/** Connections that it takes to find out what the broker hangs up on, over both versions of MQTT. */
const MOST_CONNECTIONS_LOST = 8;

for (const protocolVersion of [4, 5] as const) {
  describe(`Over ${protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1'}, a broker that`, function () {
    this.timeout(10 * patience);

    let fixture: ReplicationFixture | undefined;

    before(function () {
      requireMosquitto(this);
    });

    afterEach(async () => {
      await fixture?.stop();
      fixture = undefined;
    });

    for (const [name, line] of Object.entries(HOME_ONLY)) {
      it(`${name} takes part with home/#, also after a return`, async () => {
        const brokers = await mosquittos(['OSLO', 'PARIS']);
        const limited = await LimitedBroker.before(
          brokers.PARIS.port,
          LIMITED_BROKERS[name as keyof typeof HOME_ONLY],
        );
        fixture = new ReplicationFixture({
          brokers,
          // In place of the fixture's own filter, on which that broker would hang up.
          environment: { MQTTREP_TOPIC_scene: 'home/#' },
          configs: { PARIS: { protocolVersion, reconnectPeriod: 200 } },
          links: { PARIS: { url: limited.url, close: () => limited.close() } },
        });
        fixture.run();
        await fixture.mqttrep.line('PARIS: connected with', 3 * patience);
        const within = { within: 2 * patience };
        await fixture.publish('OSLO', 'home/from/oslo', '1', { retain: true });
        await fixture.retainedEverywhere('home/from/oslo', '1', within);
        await fixture.publish('PARIS', 'home/from/paris', '1', { retain: true });
        await fixture.retainedEverywhere('home/from/paris', '1', within);

        const stderr = () => fixture?.mqttrep.stderr ?? '';
        const count = (text: string) => stderr().split(text).length - 1;
        const lostBefore = count('PARIS: connection lost');
        const connected = count('PARIS: connected with');
        limited.link.cut();
        await fixture.publish('PARIS', 'home/away', '1', { retain: true });
        await fixture.publish('OSLO', 'home/from/oslo', '2', { retain: true });
        limited.link.heal();
        await eventually(() => expect(count('PARIS: connected with')).to.equal(connected + 1), within);
        await fixture.retainedEverywhere('home/away', '1', within);
        await fixture.retainedEverywhere('home/from/oslo', '2', within);

        expect(lostBefore).to.be.at.most(MOST_CONNECTIONS_LOST);
        expect(count('PARIS: connection lost') - lostBefore).to.be.at.most(1);
        expect(stderr()).not.to.include('came back without its data');
        if (line !== undefined) expect(count(line)).to.equal(1);
      });
    }
  });
}
