/** What a connection guarantees, at a broker that answers and at one that does not. */

import { expect } from 'chai';
import sinon from 'sinon';
import { startAedes } from '../../support/aedes-broker.ts';
import { ANSWERS_NO_SUBSCRIBE } from '../../support/broker-quirks.ts';
import { TestClient } from '../../support/client.ts';
import { failureOf } from '../../support/failure-of.ts';
import { Link } from '../../support/link.ts';
import { PacketRelay } from '../../support/packet-relay.ts';
import { openConnection } from '../open-connection.ts';

/** Timers of MQTT.js that run already are not faked. */
const fakeIntervals = () =>
  sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'], shouldClearNativeTimers: true });

describe('Connection', () => {
  it('ends if the broker acknowledges no SUBSCRIBE, though it answers pings', async () => {
    const broker = await startAedes();
    const relay = await PacketRelay.before(broker.port, ANSWERS_NO_SUBSCRIBE);
    const connection = await openConnection(relay.url);
    const clock = fakeIntervals();
    const failure = failureOf(
      connection.subscribe(['a'], { qos: 1, replay: true, retainAsPublished: false }),
    );
    clock.tick(30_000);
    clock.restore();
    expect((await failure).message).to.equal('no answer to SUBSCRIBE within 30 s');
    await connection.closed;
    await relay.close();
    await broker.stop();
  });

  it('ends sooner if the broker acknowledges a later packet and not the SUBSCRIBE', async () => {
    const broker = await startAedes();
    const relay = await PacketRelay.before(broker.port, ANSWERS_NO_SUBSCRIBE);
    const connection = await openConnection(relay.url);
    const clock = fakeIntervals();
    const failure = failureOf(
      connection.subscribe(['a'], { qos: 1, replay: true, retainAsPublished: false }),
    );
    await new Promise(resolve => connection.publish('b', Buffer.from('later'), { qos: 1 }, resolve));
    clock.tick(5_000);
    expect(connection.hasEnded).to.equal(false);
    clock.tick(2_500);
    clock.restore();
    expect((await failure).message).to.contain('though the broker answered what was sent later');
    await connection.closed;
    await relay.close();
    await broker.stop();
  });

  it('waits for the SUBACK as long as messages arrive', async () => {
    const broker = await startAedes();
    const relay = await PacketRelay.before(broker.port, ANSWERS_NO_SUBSCRIBE);
    const client = await TestClient.connect(broker.url);
    const connection = await openConnection(relay.url);
    const clock = fakeIntervals();
    const subscribed = failureOf(
      connection.subscribe(['a'], { qos: 1, replay: true, retainAsPublished: false }),
    );
    const received = new Promise<void>(resolve => {
      connection.receive((_packet, done) => {
        done();
        resolve();
      });
    });
    await publishUntil(client, received);
    clock.tick(30_000);
    expect(connection.hasEnded).to.equal(false);
    clock.tick(30_000);
    await subscribed;
    expect(connection.hasEnded).to.equal(true);
    clock.restore();
    await client.end();
    await relay.close();
    await broker.stop();
  });

  it('ends soon if the broker no longer answers', async () => {
    const broker = await startAedes();
    const link = await Link.to(broker.port);
    const connection = await openConnection(link.url);
    link.freeze();
    void connection.unsubscribe(['never/answered']);
    const begin = performance.now();
    await connection.end();
    // The keepalive alone would take more than a minute.
    expect(performance.now() - begin).to.be.below(20_000);
    link.thaw();
    await link.close();
    await broker.stop();
  });
});

/** The broker handles the SUBSCRIBE some time later, and nothing tells when. */
async function publishUntil(client: TestClient, received: Promise<void>): Promise<void> {
  let isReceived = false;
  void received.then(() => {
    isReceived = true;
  });
  while (!isReceived) await client.publish('a', 'x');
}
