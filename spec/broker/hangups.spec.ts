/** mqttrep finds out on a side connection what a broker hangs up on, while all other messages go on. */

import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { hangsUpOnTopics, losesPuback } from '../support/broker-quirks.ts';
import { TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { inFull } from '../support/in-full.ts';
import { Link } from '../support/link.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { PacketRelay, type Quirk } from '../support/packet-relay.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { BrokerActorFixture, type FixtureOptions } from './broker-actor-fixture.ts';
import { deliver as deliverBy } from './delivery.ts';

const TIMEOUT_MS = 30_000;

const PROTOCOLS = [
  [4, 'MQTT 3.1.1'],
  [5, 'MQTT 5'],
] as const;

describe('BrokerActor at a broker that hangs up', function () {
  this.timeout(2 * TIMEOUT_MS);

  let broker: TestBroker;
  let relay: PacketRelay | undefined;
  let fixture: BrokerActorFixture;
  let watcher: TestClient;

  beforeEach(async function () {
    requireMosquitto(this);
    broker = await startMosquitto();
    watcher = await TestClient.connect(broker.url);
    await watcher.subscribe('#', { qos: 1 });
  });

  afterEach(async () => {
    await fixture?.stop().catch(() => undefined);
    await watcher?.end();
    await relay?.close();
    await broker?.stop();
  });

  async function connect(protocolVersion: 4 | 5, oddity: Quirk, more: FixtureOptions = {}): Promise<void> {
    relay = await PacketRelay.before(broker.port, oddity);
    fixture = new BrokerActorFixture(relay.url, {
      ...more,
      subscriptions: [{ filter: 'never/#', qos: 1 }],
      options: { protocolVersion, ...more.options },
    });
    await fixture.replayed();
  }

  const deliver = (topics: readonly string[]) =>
    deliverBy(
      fixture,
      topics.map(topic => ({ topic })),
    );

  const sessions = () => fixture.kinds.filter(kind => kind === 'session-started').length;
  const good = Array.from({ length: 40 }, (_, index) => `good/${index}`);
  const bad = Array.from({ length: 8 }, (_, index) => `bad ${index}`);
  const isBad = (topic: string) => topic.includes(' ');

  for (const [protocolVersion, protocol] of inFull(PROTOCOLS.slice(), PROTOCOLS.slice(0, 1))) {
    for (const when of ['at once', 'acknowledged'] as const) {
      it(`on some topics over ${protocol}, ${when}, delivers all others after one hang-up of the main connection`, async () => {
        await connect(protocolVersion, hangsUpOnTopics(protocolVersion, isBad, when));
        const refused = await deliver([...good.slice(0, 20), ...bad, ...good.slice(20)]);
        // The acknowledged one counts as accepted until its echo is overdue.
        expect(bad).to.include.members([...refused.keys()]);
        expect(refused.size).to.be.at.least(when === 'at once' ? bad.length : bad.length - 1);
        await eventually(() => {
          const seen = new Set(watcher.messages.map(({ topic }) => topic));
          expect(good.filter(topic => !seen.has(topic))).to.deep.equal([]);
        });
        expect(sessions()).to.be.at.most(3);
        const before = sessions();
        expect([...(await deliver([...bad, 'good/after'])).keys()].sort()).to.deep.equal(bad);
        expect(sessions()).to.equal(before);
        expect(fixture.counters.quarantine_groups).to.be.above(0);
      });
    }

    it(`on topics with more than 10 levels over ${protocol} learns the limit, and refuses all deeper topics`, async () => {
      const deep = Array.from({ length: 20 }, (_, index) => `${'l/'.repeat(10 + (index % 3))}${index}`);
      const isDeep = (topic: string) => topic.split('/').length > 10;
      await connect(protocolVersion, hangsUpOnTopics(protocolVersion, isDeep));
      await deliver([...good, 'a/b/c/d/e/f/g/h/i/j']);
      const refused = await deliver([...deep, 'good/after']);
      expect([...refused.keys()].sort()).to.deep.equal([...deep].sort());
      expect(fixture.log.match(/hangs up on topics of more than 10 levels/g)).to.have.length(1);
      const { quarantine_groups: groups = 0 } = fixture.counters;
      const more = Array.from({ length: 20 }, (_, index) => `${'m/'.repeat(10)}${index}`);
      expect((await deliver(more)).size).to.equal(20);
      expect(fixture.counters.quarantine_groups).to.equal(groups);
      expect(fixture.log.match(/hangs up on messages to/g)).to.have.lengthOf.at.most(3);
    });

    it(`sends no topic deeper than the configured maxLevels over ${protocol}, though the broker accepts it`, async () => {
      await connect(protocolVersion, { level: protocolVersion }, { maxLevels: 3 });
      const refused = await deliver(['a/b/c', 'a/b/c/d', 'x']);
      expect([...refused]).to.deep.equal([['a/b/c/d', 'it has 4 levels, more than the 3 of maxLevels']]);
      expect(sessions()).to.equal(1);
    });

    it(`reconnects within seconds if the broker loses one acknowledgement over ${protocol}`, async () => {
      const oddity = losesPuback(protocolVersion, topic => topic === 'good/0');
      await connect(protocolVersion, oddity);
      const begin = performance.now();
      expect((await deliver(good)).size).to.equal(0);
      expect(oddity.lost).to.equal(1);
      expect(sessions()).to.equal(2);
      expect(performance.now() - begin).to.be.below(TIMEOUT_MS);
      expect(fixture.log).to.match(/warn oslo: the broker has not acknowledged 1 messages/);
      expect(fixture.counters.quarantine_groups).to.equal(0);
    });
  }

  it('on the first connection when a second one opens publishes possible causes last and alone', async () => {
    await connect(4, hangsUpOnTopics(4, isBad));
    // Like an account with one session: a new connection closes the other one.
    relay?.onlyNewest();
    const refused = await deliver([...good, 'bad 1']);
    expect([...refused.keys()]).to.deep.equal(['bad 1']);
  });

  for (const [protocolVersion, protocol] of PROTOCOLS) {
    it(`counts no publish as refused if the link becomes silent with publishes in flight over ${protocol}`, async () => {
      const link = await Link.to(broker.port);
      fixture = new BrokerActorFixture(link.url, { options: { protocolVersion, keepalive: 1 } });
      await fixture.replayed();
      link.freeze();
      fixture.publish(1, ...good.slice(0, 32).map(topic => ({ topic })));
      await fixture.heard(told => told.kind === 'disconnected');
      await pause(50);
      expect(
        fixture.told.flatMap(told => (told.kind === 'publish-results' ? told.refused : [])),
      ).to.deep.equal([]);
      link.thaw();
      await fixture.replayed(2, TIMEOUT_MS);
      await link.close();
    });
  }
});
