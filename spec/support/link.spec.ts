/** The network that tests put between a client and a broker. */

import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { startAedes } from './aedes-broker.ts';
import { TestClient } from './client.ts';
import { eventually } from './eventually.ts';
import { failureOf } from './failure-of.ts';
import { Link } from './link.ts';
import { retainedOf } from './retained-of.ts';
import type { TestBroker } from './test-broker.ts';

describe('Link', () => {
  let broker: TestBroker;
  let link: Link;

  beforeEach(async () => {
    broker = await startAedes();
    link = await Link.to(broker.port);
  });

  afterEach(async () => {
    await link.close();
    await broker.stop();
  });

  it('delays bytes in both directions, and keeps their order', async () => {
    const client = await TestClient.connect(link.url);
    await client.subscribe('#');
    link.delay = 100;
    const start = performance.now();
    const publishes = Array.from({ length: 200 }, (_, index) => client.publish('t', String(index)));
    await Promise.all(publishes);
    expect(performance.now() - start).to.be.within(200, 2000);
    await client.waitFor(({ payload }) => payload === '199');
    expect(client.messages.map(({ payload }) => Number(payload))).to.deep.equal(
      Array.from({ length: 200 }, (_, index) => index),
    );
    await client.end();
  });

  it('keeps the order when the delay shrinks, and all bytes of a large message', async () => {
    const client = await TestClient.connect(link.url);
    await client.subscribe('#', { qos: 0 });
    link.delay = 150;
    const large = 'x'.repeat(3_000_000);
    const first = client.publish('first', large);
    await eventually(() => expect(link.bytes.up).to.be.greaterThan(0));
    link.delay = 0;
    await Promise.all([first, client.publish('second', '')]);
    await client.waitFor(({ topic }) => topic === 'second');
    expect(client.messages.map(({ topic }) => topic)).to.deep.equal(['first', 'second']);
    expect(client.messages[0]?.payload === large).to.equal(true);
    await client.end();
  });

  it('limits the rate in both directions, and slows the sender down', async () => {
    const client = await TestClient.connect(link.url);
    await client.subscribe('#', { qos: 0 });
    link.bytesPerSecond = 1_000_000;
    const payload = 'x'.repeat(500_000);
    const start = performance.now();
    await client.publish('t', payload);
    expect(performance.now() - start).to.be.greaterThan(490);
    await client.waitFor(({ topic }) => topic === 't');
    expect(performance.now() - start).to.be.greaterThan(980);
    expect(client.messages[0]?.payload === payload).to.equal(true);
    await client.end();
  });

  it('counts the bytes of each direction', async () => {
    const client = await TestClient.connect(link.url);
    const { up, down } = { ...link.bytes };
    await client.publish('counted', 'x'.repeat(1000));
    expect(link.bytes.up - up).to.be.within(1000, 1020);
    // A PUBACK.
    expect(link.bytes.down - down).to.equal(4);
    await client.end();
  });

  it('cuts connections, resets new ones, and accepts them once it is healed', async () => {
    const client = await TestClient.connect(link.url);
    link.delay = 60_000;
    const lost = failureOf(client.publish('lost', '1', { retain: true }));
    await eventually(() => expect(link.connections).to.equal(1));
    link.cut();
    expect((await lost).message).to.contain('closed');
    await client.closed();
    await failureOf(TestClient.connect(link.url));
    link.delay = 0;
    link.heal();
    expect((await retainedOf(link.url)).has('lost')).to.equal(false);
  });

  it('delivers nothing while it is frozen, and keeps connections open', async () => {
    const client = await TestClient.connect(link.url);
    await client.subscribe('#');
    const watcher = await TestClient.connect(broker.url);
    await watcher.subscribe('#');
    link.freeze();
    const before = { ...link.bytes };
    let acknowledged = false;
    const published = client.publish('frozen', '1').then(() => {
      acknowledged = true;
    });
    await watcher.publish('down', '1');
    await wait(200);
    expect(acknowledged).to.equal(false);
    expect(link.bytes).to.deep.equal(before);
    expect(client.connected).to.equal(true);
    expect(watcher.messages.map(({ topic }) => topic)).to.deep.equal(['down']);
    link.thaw();
    await published;
    await Promise.all([
      client.waitFor(({ topic }) => topic === 'down'),
      watcher.waitFor(({ topic }) => topic === 'frozen'),
    ]);
    await Promise.all([client.end(), watcher.end()]);
  });

  it('stops the sender while it is frozen', async () => {
    const received = await countingServer();
    const clogged = await Link.to(received.port);
    clogged.freeze();
    const sender = connect(clogged.port, '127.0.0.1');
    await once(sender, 'connect');
    let flushed = false;
    const size = 64_000_000;
    sender.write(Buffer.alloc(size), () => {
      flushed = true;
    });
    await wait(200);
    expect(flushed).to.equal(false);
    clogged.thaw();
    await eventually(() => expect(received.bytes()).to.equal(size));
    expect(clogged.bytes.up).to.equal(size);
    sender.destroy();
    await clogged.close();
    received.close();
  });

  it('resets a client whose broker is down, and passes the end of a connection on', async () => {
    const client = await TestClient.connect(link.url);
    await client.end();
    await eventually(() => expect(link.connections).to.equal(0));
    await broker.stop();
    await failureOf(TestClient.connect(link.url));
    await eventually(() => expect(link.connections).to.equal(0));
  });
});

async function countingServer(): Promise<{ port: number; bytes: () => number; close: () => Server }> {
  let bytes = 0;
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy());
    socket.on('data', chunk => {
      bytes += chunk.length;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, bytes: () => bytes, close: () => server.close() };
}
