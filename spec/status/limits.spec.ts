/** Whoever hangs, floods or lies costs a bounded amount, and disturbs nobody else. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { FakeReplicator } from './fake-replicator.ts';
import { open, raw, type Served, serve } from './served.ts';

describe('the limits of the status server', () => {
  let replicator: FakeReplicator;
  let served: Served | undefined;
  let sockets: Socket[];

  beforeEach(() => {
    replicator = new FakeReplicator('OSLO');
    sockets = [];
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await served?.close();
  });

  const start = async (limits: Parameters<typeof serve>[2]): Promise<Served> => {
    served = await serve(replicator, {}, limits);
    return served;
  };

  async function connected(port: number, says = ''): Promise<Socket> {
    const socket = await open(port);
    sockets.push(socket);
    socket.on('error', () => undefined);
    if (says !== '') socket.write(says);
    return socket;
  }

  const isAlive = async ({ url }: Served) => (await fetch(new URL('/livez', url))).status;

  it('a connection that says nothing, or never ends its head, is closed', async () => {
    const { port } = await start({ headTime: 200, requestTime: 400 });
    for (const says of ['', 'GET /livez HTTP/1.1\r\nHost: localhost\r\nX-']) {
      const socket = await connected(port, says);
      socket.resume();
      await once(socket, 'close');
    }
  });

  it('a body that never comes is not waited for', async () => {
    const { port } = await start({ headTime: 200, requestTime: 400 });
    const begun = 'GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n';
    const socket = await connected(port, begun);
    socket.resume();
    await once(socket, 'close');
  });

  it('a head that is too long is refused', async () => {
    const { port } = await start({});
    const head = `GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`;
    expect(await raw(port, head)).to.match(/^HTTP\/1.1 431 /);
  });

  for (const nonsense of [
    '\0\0\0\0\r\n\r\n',
    'GET\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'MQTT\r\n\r\n',
  ]) {
    it(`${JSON.stringify(nonsense)} is no request, and is told so`, async () => {
      const server = await start({ headTime: 500 });
      expect(await raw(server.port, nonsense)).to.match(/^HTTP\/1.1 40[08] /);
      expect(await isAlive(server)).to.equal(200);
    });
  }

  it('connections past the limit are closed as they come, and others are served on', async () => {
    const server = await start({ connections: 3, headTime: 60_000, requestTime: 60_000 });
    const held = [await connected(server.port), await connected(server.port)];
    await isAlive(server);
    const third = await connected(server.port);
    const surplus = await connected(server.port);
    const fate = await Promise.race(
      [third, surplus].map(async socket => {
        await once(socket.resume(), 'close');
        return 'closed';
      }),
    );
    expect(fate).to.equal('closed');
    for (const socket of held) expect(socket.destroyed).to.equal(false);
  });

  it('answers that nobody reads are bounded: past that the connection is cut', async () => {
    replicator.answer = () => ({ topics: 'x'.repeat(60_000) });
    const server = await start({ unsent: 50_000 });
    const gone = await fetch(new URL('/api/v1/topics', server.url)).catch((error: Error) => error);
    expect(gone).to.be.instanceOf(Error);
    expect(await isAlive(server)).to.equal(200);
  });

  it('a connection on which nothing moves is closed, though its answer was not read', async () => {
    const long = 'x'.repeat(32_000_000);
    replicator.answer = () => ({ topics: long });
    const server = await start({ idle: 500, connections: 1, unsent: 64_000_000 });
    const socket = await connected(server.port, 'GET /api/v1/topics HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'readable');
    // As long as it stands, there is room for no other.
    await eventually(async () => expect(await isAlive(server)).to.equal(200));
  });

  it('closes in no time, whoever is connected', async () => {
    const server = await start({});
    await connected(server.port);
    await connected(server.port, 'GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await server.close();
    served = undefined;
  });
});
