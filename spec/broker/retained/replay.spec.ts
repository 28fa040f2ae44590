/** A replay ends when the broker has shown all that it retains, and not before. */

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import { type BrokerCapabilities, UNTESTED } from '../../../lib/broker/capabilities/broker-capabilities.ts';
import { ConnectTests } from '../../../lib/broker/capabilities/connect-tests.ts';
import { KnownCapabilities } from '../../../lib/broker/capabilities/known-capabilities.ts';
import type { Connection } from '../../../lib/broker/connection/connection.ts';
import { SentinelLostError } from '../../../lib/broker/retained/end-of-replay.ts';
import { Replay } from '../../../lib/broker/retained/replay.ts';
import { Sentinel } from '../../../lib/broker/retained/sentinel.ts';
import type { RetainedMarker } from '../../../lib/protocol/messages.ts';
import { startAedes } from '../../support/aedes-broker.ts';
import { TestClient } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { failureOf } from '../../support/failure-of.ts';
import { inFull } from '../../support/in-full.ts';
import { Link } from '../../support/link.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { PacketRelay } from '../../support/packet-relay.ts';
import { publishMany } from '../../support/publish-many.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { controlTopicsAt, REPLAYING_MAKES } from '../makes.ts';
import { openConnection, topicsShown } from '../open-connection.ts';

const MARKER = 'mqttrep/us/marker/spec';
const MANY = 3_000;

const IN_ORDER: BrokerCapabilities = { ...UNTESTED, replayOrder: 'filter by filter' };

const newSentinel = () => new Sentinel('mqttrep/us/replay/spec', randomUUID());

/** The topic of the sentinel that ends a replay, as it stands in a packet. */
const LAST = Buffer.from('\0\x16mqttrep/us/replay/spec');

/** Longer than a replay without a sentinel may pause, in milliseconds. */
const PAUSE_MS = 5_000;

for (const { make, protocolVersion, start, order = 'filter by filter' } of REPLAYING_MAKES) {
  describe(`Replay at ${make}`, () => {
    let broker: TestBroker;
    let connection: Connection;
    let topics: readonly string[];

    before(async function () {
      broker = await start(this);
      await publishMany(broker.url, MANY);
    });

    after(() => broker?.stop());

    beforeEach(async () => {
      connection = await openConnection(broker.url, protocolVersion);
    });

    afterEach(() => connection?.end());

    async function create(sentinel: Sentinel | undefined): Promise<Replay> {
      const replay = new Replay(connection, sentinel, MARKER, { ...UNTESTED, replayOrder: order });
      topics = topicsShown(connection, replay);
      await sentinel?.place(connection);
      return replay;
    }

    it('shows everything, even more than brokers replay at a higher QoS', async () => {
      const replay = await create(newSentinel());
      await replay.readMarker();
      expect(await replay.run([{ filter: 'many/#', qos: 1 }])).to.deep.equal([{ filter: 'many/#', code: 0 }]);
      expect(new Set(topics)).to.have.property('size', MANY);
    });

    for (const subscriptions of [[], [{ filter: 'nothing/#', qos: 1 }]] as const) {
      it(`ends ${order === 'any' ? 'by quiet' : 'at once'} if nothing is retained under ${subscriptions.length} filters`, async () => {
        const replay = await create(newSentinel());
        await replay.readMarker();
        const begin = performance.now();
        await replay.run(subscriptions);
        expect(performance.now() - begin).to.be.below(order === 'any' ? 6_000 : 1_900);
        expect(topics).to.deep.equal([]);
      });
    }

    it('ends by quiet if no sentinel may be written', async () => {
      const replay = await create(undefined);
      expect(await replay.readMarker()).to.equal('unknown');
      await replay.run([{ filter: 'many/#', qos: 0 }]);
      expect(new Set(topics)).to.have.property('size', MANY);
    });

    it('subscribes with the wanted QoS', async () => {
      const replay = await create(newSentinel());
      const subscriptions = [
        { filter: 'live/0', qos: 0 },
        { filter: 'live/2', qos: 2 },
      ] as const;
      await replay.readMarker();
      await replay.run(subscriptions);
      await replay.upgradeQos(subscriptions);
      const received = new Map<string, number>();
      connection.receive((packet, done) => {
        received.set(packet.topic, packet.qos);
        done();
      });
      const client = await TestClient.connect(broker.url);
      await client.publish('live/0', 'x', { qos: 2 });
      await client.publish('live/2', 'x', { qos: 2 });
      await eventually(() => expect(received.size).to.equal(2));
      expect(Object.fromEntries(received)).to.deep.equal({ 'live/0': 0, 'live/2': 2 });
      await client.end();
    });

    for (const upgrade of ['with the second', 'with the first'] as const) {
      it(`has each message delivered once, with the wanted QoS, by an upgrade ${upgrade} SUBSCRIBE`, async () => {
        const replay = await create(newSentinel());
        const subscriptions = [
          { filter: 'once/0', qos: 0 },
          { filter: 'once/1', qos: 1 },
          { filter: 'once/2', qos: 2 },
        ] as const;
        await replay.readMarker();
        const known = new KnownCapabilities();
        const tests = new ConnectTests(connection, known, 'mqttrep/us/replay/spec');
        connection.receive((packet, done) => {
          if (!tests.observe(packet)) replay.observe(packet);
          done();
        });
        await tests.runQosUpgrade(2);
        expect(known.current.qosUpgrade).to.equal('with the second');
        const granted = await replay.run(subscriptions, upgrade);
        if (upgrade === 'with the second') await replay.upgradeQos(subscriptions);
        else expect(granted.map(({ code }) => code)).to.deep.equal([0, 1, 2]);
        const received: string[] = [];
        connection.receive(({ topic, qos }, done) => {
          received.push(`${topic} by ${qos}`);
          done();
        });
        const client = await TestClient.connect(broker.url);
        for (const topic of ['once/0', 'once/1', 'once/2', 'once/1'])
          await client.publish(topic, 'x', { qos: 2 });
        await eventually(() => expect(received).to.have.length(4));
        expect(received).to.deep.equal(['once/0 by 0', 'once/1 by 1', 'once/2 by 2', 'once/1 by 1']);
        await client.end();
      });
    }

    const markers: readonly (readonly [retained: string, read: RetainedMarker])[] = [
      ['', 'absent'],
      ['17.digest', { payload: '17.digest' }],
      ['x'.repeat(1_000), { payload: 'x'.repeat(100) }],
    ];
    for (const [retained, read] of markers) {
      it(`reads the marker ${retained.slice(0, 20) || '(none)'}`, async () => {
        const client = await TestClient.connect(broker.url);
        await client.publish(MARKER, retained, { retain: true });
        const replay = await create(newSentinel());
        expect(await replay.readMarker()).to.deep.equal(read);
        await client.deleteRetained(MARKER);
        await client.end();
      });
    }

    it('leaves nothing behind', async () => {
      const replay = await create(newSentinel());
      await replay.readMarker();
      await replay.run([{ filter: 'many/#', qos: 0 }]);
      await eventually(async () => expect(await controlTopicsAt(broker.url)).to.deep.equal([]));
    });
  });
}

describe('Replay at a broker that was in order by chance', () => {
  it('does not end while it goes on after the sentinel, and finds that the order is any', async () => {
    const broker = await startAedes({ replayOrder: 'any' });
    await publishMany(broker.url, MANY);
    const link = await Link.to(broker.port);
    // A message that Aedes shows a moment later arrives before its next answer.
    link.delay = 50;
    const connection = await openConnection(link.url);
    const sentinel = newSentinel();
    const replay = new Replay(connection, sentinel, MARKER, IN_ORDER);
    const topics = topicsShown(connection, replay);
    await sentinel.place(connection);
    await replay.run([{ filter: 'many/#', qos: 1 }], 'with the second', ({ retain }) => retain);
    expect(new Set(topics)).to.have.property('size', MANY);
    expect(replay.found).to.include({ replayOrder: 'any' });
    await connection.end();
    await link.close();
    await broker.stop();
  });
});

describe('Replay at a broker that never sets the retain flag, and is slow', () => {
  it('does not end before there was quiet', async () => {
    const broker = await startAedes({ flagsReplays: false, replayGap: 700 });
    const connection = await openConnection(broker.url);
    try {
      await publishMany(broker.url, 4);
      const sentinel = newSentinel();
      const replay = new Replay(connection, sentinel, undefined, IN_ORDER);
      const topics = topicsShown(connection, replay);
      await sentinel.place(connection);
      await replay.run([{ filter: 'many/#', qos: 0 }]);
      expect(topics).to.have.length(4);
    } finally {
      await connection.end();
      await broker.stop();
    }
  });
});

for (const { make, protocolVersion, start, order = 'filter by filter' } of inFull(
  REPLAYING_MAKES,
  REPLAYING_MAKES.slice(0, 1),
)) {
  describe(`Replay at ${make} that pauses for longer than quiet would end it`, function () {
    this.timeout(60_000);

    let broker: TestBroker;
    let link: Link;
    let connection: Connection;

    before(async function () {
      broker = await start(this);
      await publishMany(broker.url, MANY);
      link = await Link.to(Number(new URL(broker.url).port));
    });

    after(async () => {
      await connection?.end();
      await link?.close();
      await broker?.stop();
    });

    it('ends when everything has been shown', async () => {
      connection = await openConnection(link.url, protocolVersion);
      const sentinel = newSentinel();
      const replay = new Replay(connection, sentinel, MARKER, { ...UNTESTED, replayOrder: order });
      const topics = topicsShown(connection, replay);
      await sentinel.place(connection);
      await replay.readMarker();
      // The pause falls in the middle: there is more to show than is delivered in this time.
      link.bytesPerSecond = 50_000;
      const paused = eventually(() => expect(topics).to.have.length.above(100)).then(async () => {
        link.freeze();
        await sleep(PAUSE_MS);
        link.bytesPerSecond = Number.POSITIVE_INFINITY;
        link.thaw();
      });
      await replay.run([{ filter: 'many/#', qos: 0 }]);
      await paused;
      expect(new Set(topics)).to.have.property('size', MANY);
    });
  });
}

for (const lost of [1, Number.POSITIVE_INFINITY]) {
  describe(`Replay of which the sentinel is lost ${lost === 1 ? 'once' : 'for good'}`, function () {
    this.timeout(60_000);

    let clock: sinon.SinonFakeTimers | undefined;
    let broker: TestBroker;
    let relay: PacketRelay;
    let connection: Connection;
    let losing = 0;

    before(async function () {
      requireMosquitto(this);
      broker = await startMosquitto();
      await publishMany(broker.url, 100);
      relay = await PacketRelay.before(broker.port, {
        level: 4,
        fromBroker: packet => (packet.includes(LAST) && losing-- > 0 ? 'silence' : packet),
      });
    });

    after(async () => {
      clock?.restore();
      await connection?.end();
      await relay?.close();
      await broker?.stop();
    });

    it(
      lost === 1 ? 'ends when the broker shows it once more' : 'fails after a minute of silence',
      async () => {
        connection = await openConnection(relay.url);
        const sentinel = newSentinel();
        const replay = new Replay(connection, sentinel, MARKER, IN_ORDER);
        const topics = topicsShown(connection, replay);
        await sentinel.place(connection);
        await replay.readMarker();
        losing = lost;
        if (lost === 1) {
          await replay.run([{ filter: 'many/#', qos: 0 }]);
        } else {
          clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
          const failure = failureOf(replay.run([{ filter: 'many/#', qos: 0 }]));
          await eventuallyByTurns(() => new Set(topics).size === 100);
          await clock.tickAsync(70_000);
          expect(await failure).to.be.instanceOf(SentinelLostError);
          clock.restore();
        }
        expect(new Set(topics)).to.have.property('size', 100);
      },
    );
  });
}

/** While the timers are fake. */
async function eventuallyByTurns(isSo: () => boolean): Promise<void> {
  const limit = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > limit) throw new Error('it did not come to be so within 10 s');
    await turn();
  }
}
