/**
 * Limits that were learnt of a broker are not for ever: the broker may be reconfigured, or the network was at fault. Each is
 * tried again after ten minutes, and withdrawn where the broker takes what it did not take before.
 */

import { expect } from 'chai';
import sinon from 'sinon';
import { hangsUpOnTopics } from '../support/broker-quirks.ts';
import { eventually } from '../support/eventually.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { filtersOf, PUBLISH, SUBSCRIBE, typeOf } from '../support/packet-bytes.ts';
import { PacketRelay, type Quirk } from '../support/packet-relay.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { BrokerActorFixture, type FixtureOptions } from './broker-actor-fixture.ts';
import { deliver } from './delivery.ts';

const WITHIN_MS = 30_000;
const TEN_MINUTES_MS = 10 * 60_000;

const PROTOCOLS = [
  [4, 'MQTT 3.1.1'],
  [5, 'MQTT 5'],
] as const;

/** Filters beside each other, none of which covers another one. */
const MANY = Array.from({ length: 40 }, (_, index) => ({ filter: `many/${index}`, qos: 1 }) as const);

const deep = (levels: number, index: number) => `${'l/'.repeat(levels - 1)}${index}`;

describe('A limit that was learnt of a broker', function () {
  this.timeout(4 * WITHIN_MS);

  let broker: TestBroker;
  let relay: PacketRelay | undefined;
  let fixture: BrokerActorFixture | undefined;
  /** Milliseconds by which the clock of the actor is ahead. */
  let passed: number;

  beforeEach(async function () {
    requireMosquitto(this);
    broker = await startMosquitto();
    passed = 0;
    const now = performance.now.bind(performance);
    sinon.stub(performance, 'now').callsFake(() => now() + passed);
  });

  afterEach(async () => {
    sinon.restore();
    await fixture?.stop();
    await relay?.close();
    await broker?.stop();
  });

  async function connect(
    protocolVersion: 4 | 5,
    oddity: Quirk,
    more: FixtureOptions = {},
  ): Promise<BrokerActorFixture> {
    relay = await PacketRelay.before(broker.port, oddity);
    fixture = new BrokerActorFixture(relay.url, {
      subscriptions: [{ filter: 'never/#', qos: 1 }],
      ...more,
      options: { protocolVersion },
    });
    await fixture.replayed(1, WITHIN_MS);
    return fixture;
  }

  /** The clock of the actor goes on by so much. That looks like a suspension, so the actor connects again. */
  async function later(milliseconds: number): Promise<void> {
    const replays = () => fixture?.kinds.filter(kind => kind === 'caught-up').length ?? 0;
    const before = replays();
    passed += milliseconds;
    await fixture?.replayed(before + 1, WITHIN_MS);
  }

  for (const [protocolVersion, protocol] of PROTOCOLS) {
    it(`on the levels of topics over ${protocol} is withdrawn once the broker takes a deeper one`, async () => {
      let most = 10;
      const isTooDeep = (topic: string) => topic.split('/').length > most;
      const actor = await connect(protocolVersion, hangsUpOnTopics(protocolVersion, isTooDeep));
      const topics = Array.from({ length: 8 }, (_, index) => ({ topic: deep(11, index) }));
      expect((await deliver(actor, topics)).size).to.equal(8);
      expect(actor.log).to.contain('hangs up on topics of more than 10 levels');
      most = 20;
      expect((await deliver(actor, topics)).size, 'refused before they are tried again').to.equal(8);
      await later(TEN_MINUTES_MS);
      const [first = { topic: '' }, ...others] = topics;
      expect((await deliver(actor, [first])).size).to.equal(0);
      expect((await deliver(actor, others)).size).to.equal(0);
    });

    it(`on the size of packets over ${protocol} is withdrawn after ten minutes, and learnt again where it is still true`, async () => {
      let most = 4_096;
      let tried = 0;
      const actor = await connect(protocolVersion, {
        level: protocolVersion,
        fromClient: packet => {
          if (typeOf(packet) !== PUBLISH || packet.length < 5_000) return packet;
          tried++;
          return packet.length > most ? 'hang-up' : packet;
        },
      });
      const large = [{ topic: 'large', payload: 'x'.repeat(5_000) }];
      const isRefused = async () => (await deliver(actor, large)).get('large')?.includes('bytes') ?? false;
      expect(await isRefused()).to.equal(true);
      const before = tried;
      expect(await isRefused()).to.equal(true);
      expect(tried, 'sent meanwhile').to.equal(before);
      await later(TEN_MINUTES_MS);
      expect(await isRefused()).to.equal(true);
      expect(tried, 'sent again').to.be.above(before);
      most = 10_000;
      await later(TEN_MINUTES_MS);
      expect(await isRefused()).to.equal(false);
    });

    it(`on the filters of a SUBSCRIBE over ${protocol} is withdrawn once the broker takes more, and kept where it does not`, async () => {
      let most = 8;
      let largest = 0;
      let hangups = 0;
      const actor = await connect(
        protocolVersion,
        {
          level: protocolVersion,
          fromClient: packet => {
            if (typeOf(packet) !== SUBSCRIBE) return packet;
            const { length } = filtersOf(packet, protocolVersion);
            if (length > most) hangups++;
            else largest = Math.max(largest, length);
            return length > most ? 'hang-up' : packet;
          },
        },
        { subscriptions: MANY },
      );
      expect(actor.log).to.match(/a SUBSCRIBE with more than \d filters/);
      const before = hangups;
      await later(TEN_MINUTES_MS);
      expect(hangups, 'tried once more').to.equal(before + 1);
      most = MANY.length + 10;
      await later(TEN_MINUTES_MS);
      expect(largest, 'not tried so soon after it failed').to.be.at.most(8);
      await later(TEN_MINUTES_MS);
      await eventually(() => expect(largest).to.be.above(8));
    });
  }
});
