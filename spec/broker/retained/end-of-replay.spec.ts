/**
 * A replay ends when the broker has shown all that it retains, also if the broker pauses, is slow, or loses the sentinel.
 */

import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import { UNTESTED } from '../../../lib/broker/capabilities/broker-capabilities.ts';
import type { Connection } from '../../../lib/broker/connection/connection.ts';
import { SentinelLostError } from '../../../lib/broker/retained/end-of-replay.ts';
import { Replay } from '../../../lib/broker/retained/replay.ts';
import { startAedes } from '../../support/aedes-broker.ts';
import { eventually } from '../../support/eventually.ts';
import { failureOf } from '../../support/failure-of.ts';
import { inFull } from '../../support/in-full.ts';
import { Link } from '../../support/link.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { PacketRelay } from '../../support/packet-relay.ts';
import { text } from '../../support/publish-bytes.ts';
import { publishMany } from '../../support/publish-many.ts';
import type { TestBroker } from '../../support/test-broker.ts';
import { REPLAYING_MAKES } from '../makes.ts';
import { openConnection, topicsShown } from '../open-connection.ts';
import { IN_ORDER, MANY, MARKER, newSentinel, SENTINEL_TOPIC } from './replay-fixture.ts';

/** The topic of the sentinel that ends a replay, as it stands in a packet. */
const LAST = text(SENTINEL_TOPIC);

/** Longer than a replay without a sentinel may pause, in milliseconds. */
const PAUSE_MS = 5_000;

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
