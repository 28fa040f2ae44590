/** A client that hangs, floods or lies costs a bounded amount, and does not disturb others. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { FakeReplicator } from './fake-replicator.ts';
import { open, raw, type Served, serve } from './served.ts';

/** The length of an answer in characters; 0 if there was none. */
async function lengthOf(url: URL): Promise<number> {
  try {
    return (await (await fetch(url)).text()).length;
  } catch {
    return 0;
  }
}

describe('the status server, by its limits,', () => {
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

  it('closes a connection that sends nothing, or never ends its head', async () => {
    const { port } = await start({ headTimeoutMs: 200, requestTimeoutMs: 400 });
    for (const says of ['', 'GET /livez HTTP/1.1\r\nHost: localhost\r\nX-']) {
      const socket = await connected(port, says);
      socket.resume();
      await once(socket, 'close');
    }
  });

  it('closes a connection whose body never arrives', async () => {
    const { port } = await start({ headTimeoutMs: 200, requestTimeoutMs: 400 });
    const begun = 'GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n';
    const socket = await connected(port, begun);
    socket.resume();
    await once(socket, 'close');
  });

  it('refuses a head that is too long', async () => {
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
    it(`answers with an error to ${JSON.stringify(nonsense)}, which is not a request`, async () => {
      const server = await start({ headTimeoutMs: 500 });
      expect(await raw(server.port, nonsense)).to.match(/^HTTP\/1.1 40[08] /);
      expect(await isAlive(server)).to.equal(200);
    });
  }

  it('cuts a connection if the answers that nobody reads exceed their limit', async () => {
    replicator.answer = () => ({ topics: 'x'.repeat(60_000) });
    const server = await start({ unsentBytes: 50_000 });
    const gone = await fetch(new URL('/api/v1/topics', server.url)).catch((error: Error) => error);
    expect(gone).to.be.instanceOf(Error);
    expect(await isAlive(server)).to.equal(200);
  });

  it('closes an idle connection even if its answer was not read', async () => {
    const long = 'x'.repeat(32_000_000);
    replicator.answer = () => ({ topics: long });
    const server = await start({ idleTimeoutMs: 500, unsentBytes: 33_000_000 });
    const socket = await connected(server.port, 'GET /api/v1/topics HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'readable');
    // As long as it is open, there is no room for another answer of this size.
    await eventually(async () => {
      expect(await lengthOf(new URL('/api/v1/topics', server.url))).to.be.above(long.length);
    });
  });

  it('does not count answers to clients that have left, however they had sent their requests', async () => {
    const long = 'x'.repeat(6_000_000);
    const server = await start({ unsentBytes: 15_000_000 });
    const request = 'GET /api/v1/topics HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const held: ((answer: unknown) => void)[] = [];
    replicator.answer = () => new Promise(resolve => held.push(resolve));
    for (let time = 0; time < 5; time++) {
      // The client leaves before the answer, in the middle of it, and with several requests on one connection.
      const impatient = await connected(server.port, request.repeat(2));
      await eventually(() => expect(held).to.have.lengthOf(2));
      const [first, second] = held.splice(0);
      // The second answer waits for the first, which comes after the client has left.
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
    // There is room for two at once if the earlier ones are forgotten. Each is read to its end, whatever happens to the other.
    await eventually(async () => {
      const both = await Promise.all([1, 2].map(() => lengthOf(new URL('/api/v1/topics', server.url))));
      for (const length of both) expect(length).to.be.above(long.length);
    });
  });

  it('forgets pages that left, also those that waited behind another answer', async () => {
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

  it('ends all connections at once when it is closed', async () => {
    const server = await start({});
    await connected(server.port);
    await connected(server.port, 'GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await server.close();
    served = undefined;
  });
});
