/** Whoever hangs, floods or lies costs a bounded amount, and disturbs nobody else. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { FakeReplicator } from './fake-replicator.ts';
import { open, raw, type Served, serve } from './served.ts';

/** Of an answer, in characters; 0 where there was none. */
async function lengthOf(url: URL): Promise<number> {
  try {
    return (await (await fetch(url)).text()).length;
  } catch {
    return 0;
  }
}

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
    const server = await start({ idle: 500, unsent: 33_000_000 });
    const socket = await connected(server.port, 'GET /api/v1/topics HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'readable');
    // As long as it stands, there is room for no other answer of this size.
    await eventually(async () => {
      expect(await lengthOf(new URL('/api/v1/topics', server.url))).to.be.above(long.length);
    });
  });

  it('answers to who has left count no more, however they were asked for', async () => {
    const long = 'x'.repeat(6_000_000);
    const server = await start({ unsent: 15_000_000 });
    const request = 'GET /api/v1/topics HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const held: ((answer: unknown) => void)[] = [];
    replicator.answer = () => new Promise(resolve => held.push(resolve));
    for (let time = 0; time < 5; time++) {
      // Left before the answer was there, in the middle of it, and of several on one connection.
      const impatient = await connected(server.port, request.repeat(2));
      await eventually(() => expect(held).to.have.lengthOf(2));
      const [first, second] = held.splice(0);
      // The second answer waits for the first, which comes when nobody is there any more.
      second?.({ topics: long });
      await isAlive(server);
      impatient.destroy();
      await once(impatient, 'close');
      await isAlive(server);
      first?.({ topics: long });
    }
    replicator.answer = () => ({ topics: long });
    for (let time = 0; time < 5; time++) {
      const hung = await connected(server.port, request.repeat(2));
      await once(hung, 'readable');
      hung.destroy();
    }
    // Two at once have room, if those before are forgotten. Each is read to its end, whatever comes of the other.
    await eventually(async () => {
      const both = await Promise.all([1, 2].map(() => lengthOf(new URL('/api/v1/topics', server.url))));
      for (const length of both) expect(length).to.be.above(long.length);
    });
  });

  it('pages that left are forgotten, also those that waited behind another answer', async () => {
    const server = await start({});
    const request = 'GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n';
    for (let time = 0; time < 20; time++) {
      const page = await connected(server.port, request.repeat(3));
      await once(page, 'readable');
      page.destroy();
    }
    for (let time = 0; time < 10; time++) {
      const page = await connected(server.port, request);
      const [first] = (await once(page.setEncoding('utf8'), 'data')) as [string];
      expect(first).to.match(/^HTTP\/1.1 200 /);
    }
  });

  it('closes in no time, whoever is connected', async () => {
    const server = await start({});
    await connected(server.port);
    await connected(server.port, 'GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await server.close();
    served = undefined;
  });
});
