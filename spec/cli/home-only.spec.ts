/**
 * An account that may use `home/#` and nothing else: mqttrep can write no topic of its own there. What may be replicated
 * is, both ways, and the connection stands.
 */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { inFull } from '../support/in-full.ts';
import { LIMITED_BROKERS, type LimitedBrokerName } from '../support/limits/limit-table.ts';
import { LimitedBroker } from '../support/limits/limited-broker.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience } from './replication-fixture.ts';

/** What mqttrep says of topics of its own that it cannot write, once. */
const HOME_ONLY = {
  SILENT: { limits: 'grants home/# only, and is silent about the rest', line: undefined },
  REFUSING: { limits: 'grants home/# only, and refuses the rest', line: undefined },
  CLOSING: {
    limits: 'grants home/# only, and hangs up on the rest',
    line: 'CLOSING: the broker hangs up on messages under mqttrep/',
  },
} as const satisfies Readonly<Record<string, { limits: LimitedBrokerName; line: string | undefined }>>;

const SITES = Object.keys(HOME_ONLY) as (keyof typeof HOME_ONLY)[];

/** Connections that it takes to find out what the broker hangs up on, over both versions of MQTT. */
const MOST_CONNECTIONS_LOST = 8;

describe('Brokers that grant home/# only, and are silent about the rest, refuse it, or hang up on it,', function () {
  this.timeout(10 * patience);

  const fixtures = fixtureHooks();

  for (const protocolVersion of inFull<readonly (4 | 5)[]>([4, 5], [5])) {
    it(`take part with home/# over ${protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1'}, also after a return`, async () => {
      const brokers = await mosquittos(['OSLO', ...SITES]);
      const limited = await Promise.all(
        SITES.map(site => LimitedBroker.before(brokers[site].port, LIMITED_BROKERS[HOME_ONLY[site].limits])),
      );
      const fixture = fixtures.create({
        brokers,
        // In place of the fixture's own filter, on which such a broker would hang up.
        environment: { MQTTREP_TOPIC_markers: 'home/#' },
        configs: Object.fromEntries(SITES.map(site => [site, { protocolVersion, reconnectPeriod: 200 }])),
        links: Object.fromEntries(SITES.map((site, index) => [site, limited[index] as LimitedBroker])),
      });
      fixture.run();
      for (const site of SITES) await fixture.mqttrep.line(`${site}: connected with`, 3 * patience);
      const within = { within: 2 * patience };
      const writeEverywhere = async (topic: string) => {
        for (const site of fixture.sites)
          await fixture.publish(site, `${topic}/${site}`, '1', { retain: true });
      };
      const expectEverywhere = async (topic: string) => {
        for (const site of fixture.sites) await fixture.retainedEverywhere(`${topic}/${site}`, '1', within);
      };
      await writeEverywhere('home/from');
      await expectEverywhere('home/from');

      const count = (text: string) => fixture.mqttrep.stderr.split(text).length - 1;
      const counts = (text: string) => SITES.map(site => count(`${site}: ${text}`));
      const lostBefore = counts('connection lost');
      const connectedBefore = counts('connected with');
      for (const { link } of limited) link.cut();
      await writeEverywhere('home/away');
      for (const { link } of limited) link.heal();
      await eventually(
        () => expect(counts('connected with')).to.deep.equal(connectedBefore.map(times => times + 1)),
        within,
      );
      await expectEverywhere('home/away');

      const lost = counts('connection lost');
      for (const [index, site] of SITES.entries()) {
        const before = lostBefore[index] ?? 0;
        expect(before, site).to.be.at.most(MOST_CONNECTIONS_LOST);
        expect((lost[index] ?? 0) - before, site).to.be.at.most(1);
        const { line } = HOME_ONLY[site];
        if (line !== undefined) expect(count(line), site).to.equal(1);
      }
      expect(fixture.mqttrep.stderr).not.to.include('came back without its data');
    });
  }
});
