/** Many connections, from whomever: a health check is answered all the same, and so is whoever has shown the token. */

import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { Connections } from '../../lib/status/connections.ts';
import { eventually } from '../support/eventually.ts';
import { FakeReplicator } from './fake-replicator.ts';
import { open, type Served, serve } from './served.ts';

const TOKEN = 's3cret-of-sixteen';

/** More than the server holds at once. */
const MANY = 200;

const REQUESTS = {
  silent: '',
  'half-sent': 'GET /livez HTTP/1.1\r\nHost: localhost\r\nX-',
  'kept alive': 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n',
  refused: 'GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'nonsense-sending': '\x16\x03\x01\x02',
} as const;

describe('with many connections to the status server,', function () {
  this.timeout(30_000);

  let served: Served;
  let sockets: Socket[];
  let replicator: FakeReplicator;

  beforeEach(async () => {
    sockets = [];
    replicator = new FakeReplicator('OSLO');
    replicator.link('OSLO').enter('ready', 'MQTT 5');
    // Nothing but the number of connections ends one.
    const never = { headTime: 60_000, requestTime: 60_000, keepAlive: 60_000, idle: 60_000 };
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
    it(`${MANY} ${what} ones block neither /livez nor /readyz`, async () => {
      for (let number = 0; number < MANY; number++) await connected(says);
      await isHealthy();
    });
  }

  it(`${MANY} that come all at once do not block /livez, which comes in their midst`, async () => {
    const storm = () => {
      for (let number = 0; number < MANY / 2; number++) keep(connect(served.port, '127.0.0.1'), '');
    };
    storm();
    const asked = isHealthy();
    storm();
    await asked;
    await isHealthy();
  });

  it('the oldest ones are closed, no more than has to be', async () => {
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

  it('a page that has shown the token stays connected', async () => {
    const events = `GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`;
    const page = await connected(events);
    await once(page, 'data');
    for (let number = 0; number < MANY; number++) await connected('');
    await isHealthy();
    replicator.link('OSLO').enter('refused', 'for the page to hear of');
    for (;;) {
      const [heard] = (await once(page.setEncoding('utf8'), 'data')) as [string];
      if (heard.includes('for the page to hear of')) break;
    }
  });

  it('a request that has shown the token is answered, and its connection kept until then', async () => {
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

describe('when room is made for a connection,', () => {
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

  it('the address that has the most of them loses its oldest', async () => {
    const connections = new Connections(4);
    const sockets = add(connections, '10.0.0.1', '10.0.0.2', '10.0.0.2', '10.0.0.2', '10.0.0.3', '10.0.0.2');
    await eventually(() => expect(connections.size).to.equal(4));
    expect(closed(sockets)).to.deep.equal([false, true, true, false, false, false]);
    expect(connections.displaced).to.equal(2);
  });

  it('one that answers is kept while another one does nothing, and is closed when all answer', async () => {
    const connections = new Connections(2);
    const first = add(connections, 'a', 'a');
    const [done] = first.map(socket => connections.keep(socket));
    const [idle] = add(connections, 'a');
    await eventually(() => expect(connections.size).to.equal(2));
    expect(closed(first)).to.deep.equal([false, false]);
    expect(idle?.destroyed, 'the only one that answers nothing').to.equal(true);
    done?.();
    add(connections, 'a');
    await eventually(() => expect(connections.size).to.equal(2));
    expect(closed(first)).to.deep.equal([true, false]);
    const busy = add(connections, 'a');
    for (const socket of busy) connections.keep(socket);
    await eventually(() => expect(connections.size).to.equal(2));
  });

  it('one that its client has closed counts no more', async () => {
    const connections = new Connections(2);
    const [gone] = add(connections, 'a', 'a', 'a');
    gone?.destroy();
    await new Promise(resolve => setTimeout(resolve, 10));
    expect(connections).to.include({ size: 2, displaced: 0 });
  });
});
