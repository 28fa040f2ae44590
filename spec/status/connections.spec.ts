/** With many connections the server still answers health checks, and clients that have shown the token. */

import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { Connections } from '../../lib/status/connections.ts';
import { eventually } from '../support/eventually.ts';
import { FakeReplicator } from './fake-replicator.ts';
import { open, type Served, serve } from './served.ts';

const TOKEN = 's3cret-of-sixteen';

/** More than the limit of the server. */
const MANY = 200;

const REQUESTS = {
  silent: '',
  'half-sent': 'GET /livez HTTP/1.1\r\nHost: localhost\r\nX-',
  'kept alive': 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n',
  refused: 'GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'nonsense-sending': '\x16\x03\x01\x02',
} as const;

describe('the status server with many connections', function () {
  this.timeout(30_000);

  let served: Served;
  let sockets: Socket[];
  let replicator: FakeReplicator;

  beforeEach(async () => {
    sockets = [];
    replicator = new FakeReplicator('OSLO');
    replicator.link('OSLO').enter('ready', 'MQTT 5');
    // Only the number of connections ends one.
    const never = {
      headTimeoutMs: 60_000,
      requestTimeoutMs: 60_000,
      keepAliveTimeoutMs: 60_000,
      idleTimeoutMs: 60_000,
    };
    served = await serve(replicator, { token: TOKEN }, never);
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await served.close();
  });

  function keep(socket: Socket, says: string): Socket {
    sockets.push(socket);
    socket.on('error', () => undefined);
    if (says !== '') socket.write(says);
    return socket;
  }

  const connected = async (says: string) => keep(await open(served.port), says);

  async function isHealthy(): Promise<void> {
    for (const path of ['/livez', '/readyz']) {
      const response = await fetch(new URL(path, served.url), { signal: AbortSignal.timeout(10_000) });
      expect(response.status, path).to.equal(200);
    }
  }

  for (const [what, says] of Object.entries(REQUESTS)) {
    it(`answers /livez and /readyz with ${MANY} ${what} connections`, async () => {
      for (let number = 0; number < MANY; number++) await connected(says);
      await isHealthy();
    });
  }

  it(`answers /livez in the middle of ${MANY} connections that come at once`, async () => {
    const storm = () => {
      for (let number = 0; number < MANY / 2; number++) keep(connect(served.port, '127.0.0.1'), '');
    };
    storm();
    const asked = isHealthy();
    storm();
    await asked;
    await isHealthy();
  });

  it('closes the oldest connections, and no more than necessary', async () => {
    for (let number = 0; number < MANY; number++) await connected('');
    await eventually(() => {
      const closed = sockets.map(socket => socket.resume().destroyed);
      expect(closed.filter(is => is)).to.have.lengthOf(MANY - 128);
      expect(closed.lastIndexOf(true)).to.be.below(closed.indexOf(false));
    });
    const response = await fetch(new URL('/metrics', served.url), {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    const displaced = Number(
      /^mqttrep_http_connections_displaced_total (\d+)$/m.exec(await response.text())?.[1],
    );
    expect(displaced).to.be.at.least(MANY - 128);
  });

  it('keeps a page connected that has shown the token', async () => {
    const events = `GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`;
    const page = await connected(events);
    await once(page, 'data');
    for (let number = 0; number < MANY; number++) await connected('');
    await isHealthy();
    replicator.link('OSLO').enter('refused', 'for the page to receive');
    for (;;) {
      const [received] = (await once(page.setEncoding('utf8'), 'data')) as [string];
      if (received.includes('for the page to receive')) break;
    }
  });

  it('answers a request that has shown the token, and keeps its connection until then', async () => {
    let answer: (topics: unknown) => void = () => undefined;
    replicator.answer = () =>
      new Promise(resolve => {
        answer = resolve;
      });
    const asked = fetch(new URL('/api/v1/topics', served.url), {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    await eventually(() => expect(replicator.questions).to.have.lengthOf(1));
    for (let number = 0; number < MANY; number++) await connected('');
    answer({ topics: [] });
    expect((await asked).status).to.equal(200);
  });
});

describe('Connections, to make room,', () => {
  class PretendSocket extends EventEmitter {
    readonly remoteAddress: string;
    destroyed = false;

    constructor(remoteAddress: string) {
      super();
      this.remoteAddress = remoteAddress;
    }

    destroy(): void {
      this.destroyed = true;
      this.emit('close');
    }
  }

  function add(connections: Connections, ...addresses: readonly string[]): (Socket & PretendSocket)[] {
    return addresses.map(address => {
      const socket = new PretendSocket(address) as Socket & PretendSocket;
      connections.add(socket);
      return socket;
    });
  }

  const closed = (sockets: readonly PretendSocket[]) => sockets.map(({ destroyed }) => destroyed);

  it('closes the oldest connection of the address that has the most', async () => {
    const connections = new Connections(4);
    const sockets = add(connections, '10.0.0.1', '10.0.0.2', '10.0.0.2', '10.0.0.2', '10.0.0.3', '10.0.0.2');
    await eventually(() => expect(connections.size).to.equal(4));
    expect(closed(sockets)).to.deep.equal([false, true, true, false, false, false]);
    expect(connections.displaced).to.equal(2);
  });

  it('keeps a connection with an unfinished answer, unless all have one', async () => {
    const connections = new Connections(2);
    const first = add(connections, 'a', 'a');
    const [done] = first.map(socket => connections.keep(socket));
    const [idle] = add(connections, 'a');
    await eventually(() => expect(connections.size).to.equal(2));
    expect(closed(first)).to.deep.equal([false, false]);
    expect(idle?.destroyed, 'the only one without an answer').to.equal(true);
    done?.();
    add(connections, 'a');
    await eventually(() => expect(connections.size).to.equal(2));
    expect(closed(first)).to.deep.equal([true, false]);
    const busy = add(connections, 'a');
    for (const socket of busy) connections.keep(socket);
    await eventually(() => expect(connections.size).to.equal(2));
  });

  it('does not count a connection that its client has closed', async () => {
    const connections = new Connections(2);
    const [gone] = add(connections, 'a', 'a', 'a');
    gone?.destroy();
    await new Promise(resolve => setTimeout(resolve, 10));
    expect(connections).to.include({ size: 2, displaced: 0 });
  });
});
