/** A replay is over when the broker has shown all that it retains, and not before. */

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import type { Connection } from '../../../lib/broker/connection/connection.ts';
import { Replay, SentinelLostError } from '../../../lib/broker/retained/replay.ts';
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

/** Where the sentinel stands that a replay ends with. */
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

    function create(sentinel: Sentinel | undefined): Replay {
      const replay = new Replay(connection, sentinel, MARKER, order);
      topics = topicsShown(connection, replay);
      return replay;
    }

    const newSentinel = () => new Sentinel('mqttrep/us/replay/spec', randomUUID());

    it('shows everything, also more than brokers replay at a higher QoS', async () => {
      const replay = create(newSentinel());
      await replay.begin();
      await replay.readMarker();
      expect(await replay.run([{ filter: 'many/#', qos: 1 }])).to.deep.equal([{ filter: 'many/#', code: 0 }]);
      expect(new Set(topics)).to.have.property('size', MANY);
    });

    for (const subscriptions of [[], [{ filter: 'nothing/#', qos: 1 }]] as const) {
      it(`is over ${order === 'any' ? 'by quiet' : 'at once'} where nothing is retained, by ${subscriptions.length} filters`, async () => {
        const replay = create(newSentinel());
        await replay.begin();
        await replay.readMarker();
        const begin = performance.now();
        await replay.run(subscriptions);
        expect(performance.now() - begin).to.be.below(order === 'any' ? 6_000 : 1_900);
        expect(topics).to.deep.equal([]);
      });
    }

    it('is over by quiet where no sentinel may be written', async () => {
      const replay = create(undefined);
      expect(await replay.readMarker()).to.equal('unknown');
      await replay.run([{ filter: 'many/#', qos: 0 }]);
      expect(new Set(topics)).to.have.property('size', MANY);
    });

    it('subscribes with the QoS that is wanted', async () => {
      const replay = create(newSentinel());
      const subscriptions = [
        { filter: 'live/0', qos: 0 },
        { filter: 'live/2', qos: 2 },
      ] as const;
      await replay.begin();
      await replay.readMarker();
      await replay.run(subscriptions);
      await replay.raise(subscriptions);
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

    for (const raising of ['with the second', 'with the first'] as const) {
      it(`has each message delivered once, with the QoS that is wanted, ${raising} SUBSCRIBE`, async () => {
        const replay = create(newSentinel());
        const subscriptions = [
          { filter: 'once/0', qos: 0 },
          { filter: 'once/1', qos: 1 },
          { filter: 'once/2', qos: 2 },
        ] as const;
        await replay.begin();
        await replay.readMarker();
        expect(await replay.learnRaising('mqttrep/us/replay/spec/twice')).to.equal('with the second');
        const granted = await replay.run(subscriptions, raising);
        if (raising === 'with the second') await replay.raise(subscriptions);
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
        const replay = create(newSentinel());
        await replay.begin();
        expect(await replay.readMarker()).to.deep.equal(read);
        await client.deleteRetained(MARKER);
        await client.end();
      });
    }

    it('leaves nothing behind', async () => {
      const replay = create(newSentinel());
      await replay.begin();
      await replay.readMarker();
      await replay.run([{ filter: 'many/#', qos: 0 }]);
      await eventually(async () => expect(await controlTopicsAt(broker.url)).to.deep.equal([]));
    });
  });
}

describe('A replay of a broker that passed for one that shows filter by filter', () => {
  it('is not over while it goes on behind the sentinel, and tells that it did', async () => {
    const broker = await startAedes({ replayOrder: 'any' });
    await publishMany(broker.url, MANY);
    const link = await Link.to(broker.port);
    // So that what Aedes shows a moment later comes before its next answer.
    link.delay = 50;
    const connection = await openConnection(link.url);
    const replay = new Replay(connection, new Sentinel('mqttrep/us/replay/spec', randomUUID()), MARKER);
    const topics = topicsShown(connection, replay);
    await replay.begin();
    await replay.run([{ filter: 'many/#', qos: 1 }], 'with the second', ({ retain }) => retain);
    expect(new Set(topics)).to.have.property('size', MANY);
    expect(replay.order).to.equal('any');
    await connection.end();
    await link.close();
    await broker.stop();
  });
});

describe('Replay at a broker that never sets the retain flag, and is slow', () => {
  it('is not over before there was quiet', async () => {
    const broker = await startAedes({ flagsReplays: false, replayGap: 700 });
    const connection = await openConnection(broker.url);
    try {
      await publishMany(broker.url, 4);
      const replay = new Replay(connection, new Sentinel('mqttrep/us/replay/spec', randomUUID()), undefined);
      const topics = topicsShown(connection, replay);
      await replay.begin();
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
  describe(`A replay at ${make} that pauses for longer than quiet would end it`, function () {
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

    it('is over when all has been shown', async () => {
      connection = await openConnection(link.url, protocolVersion);
      const replay = new Replay(
        connection,
        new Sentinel('mqttrep/us/replay/spec', randomUUID()),
        MARKER,
        order,
      );
      const topics = topicsShown(connection, replay);
      await replay.begin();
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
  describe(`A replay of which the sentinel is lost ${lost === 1 ? 'once' : 'for good'}`, function () {
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
      lost === 1 ? 'is over when the broker shows it once more' : 'is given up after a minute of silence',
      async () => {
        connection = await openConnection(relay.url);
        const replay = new Replay(connection, new Sentinel('mqttrep/us/replay/spec', randomUUID()), MARKER);
        const topics = topicsShown(connection, replay);
        await replay.begin();
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

/** Timers stand still meanwhile. */
async function eventuallyByTurns(isSo: () => boolean): Promise<void> {
  const limit = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > limit) throw new Error('it did not come to be so within 10 s');
    await turn();
  }
}
