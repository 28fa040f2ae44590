/** What the status server answers, and to whom. */

import { expect } from 'chai';
import type { ReconcilerRequest } from '../../lib/protocol/requests.ts';
import type { Status } from '../../lib/status/api.ts';
import { NoResponseError } from '../../lib/supervisor/pending-requests.ts';
import { FakeReplicator } from './fake-replicator.ts';
import { raw, type Served, serve } from './served.ts';

const TOKEN = 's3cret-of-sixteen';

describe('the status server', () => {
  let replicator: FakeReplicator;
  let served: Served;

  beforeEach(async () => {
    replicator = new FakeReplicator('OSLO', 'PARIS');
    served = await serve(replicator);
  });

  afterEach(() => served.close());

  const get = (path: string, init?: RequestInit) => fetch(new URL(path, served.url), init);
  const json = async (path: string): Promise<unknown> => (await get(path)).json();
  const head = (path: string, ...headers: readonly string[]) =>
    `GET ${path} HTTP/1.1\r\n${headers.map(one => `${one}\r\n`).join('')}Connection: close\r\n\r\n`;

  describe('health', () => {
    it('is alive as long as it answers', async () => {
      expect((await get('/livez')).status).to.equal(200);
    });

    it('is ready when one broker is subscribed, until it stops', async () => {
      expect((await get('/readyz')).status).to.equal(503);
      replicator.link('OSLO').enter('ready', 'MQTT 5');
      expect((await get('/readyz')).status).to.equal(200);
      replicator.isStopping = true;
      expect((await get('/readyz')).status).to.equal(503);
    });

    it('lists what is ready and what is not, each with a reason of one line', async () => {
      replicator.link('OSLO').enter('ready', 'MQTT 5');
      replicator.link('PARIS').enter('refused', 'not\r\nauthorized');
      expect(await (await get('/readyz?verbose')).text()).to.equal(
        '[+] configuration\n[+] broker OSLO\n[-] broker PARIS: refused: not authorized\nready\n',
      );
    });
  });

  it('names in its health the broker of which a part of the replay is missing, and is ready all the same', async () => {
    replicator.link('PARIS').enter('ready', 'MQTT 5');
    const answer = await get('/readyz?verbose');
    expect(answer.status).to.equal(200);
    expect(await answer.text()).to.match(/^\[-\] broker PARIS: replay incomplete: .*\nready$/m);
  });

  describe('the API', () => {
    it('returns the whole state', async () => {
      replicator.link('OSLO').enter('ready', 'MQTT 3.1.1');
      replicator.brokers.set('OSLO', { received: 12, published: 9, dropped: {} });
      const status = (await json('/api/v1/status')) as Status;
      expect(status).to.include({ version: '1.2.3', replica: 'us', mergeFrequency: 4, hidesPayloads: false });
      expect(status.topics).to.deep.equal({ converged: 3, diverging: 1, blocked: 0, deleted: 2 });
      expect(status.brokers.map(({ name }) => name)).to.deep.equal(['OSLO', 'PARIS']);
      expect(status.brokers[0]).to.deep.include({
        state: 'ready',
        protocol: '3.1.1',
        received: 12,
        published: 9,
        pending: 1,
        waiting: 2,
        behind: 3,
        roundTrip: 5,
      });
    });

    for (const [path, question] of [
      ['topics', { kind: 'topics', filter: '', which: 'all', after: null, limit: 100 }],
      [
        'topics?filter=a/%2B/%23&diverging=true&after=a%2Fb&limit=7',
        { kind: 'topics', filter: 'a/+/#', which: 'diverging', after: 'a/b', limit: 7 },
      ],
      ['topics?after=', { kind: 'topics', filter: '', which: 'all', after: '', limit: 100 }],
      ['tree', { kind: 'level', under: '', after: null, limit: 100 }],
      ['tree?under=a/b/&after=&limit=200', { kind: 'level', under: 'a/b/', after: '', limit: 200 }],
      ['topics/a%2Fb', { kind: 'topic', topic: 'a/b' }],
      ['topics/a/b', { kind: 'topic', topic: 'a/b' }],
      ['topics/%E2%82%AC%20', { kind: 'topic', topic: '€ ' }],
    ] satisfies [string, ReconcilerRequest][]) {
      it(`understands ${path}`, async () => {
        replicator.answer = () => ({ answered: true });
        expect(await json(`/api/v1/${path}`)).to.deep.equal({ answered: true });
        expect(replicator.questions).to.deep.equal([question]);
      });
    }

    it('takes the topic `..` as a topic, not as the parent folder', async () => {
      replicator.answer = () => ({ answered: true });
      await raw(served.port, head('/api/v1/topics/..', 'Host: localhost'));
      await raw(served.port, head('/api/v1/topics/a/../b', 'Host: localhost'));
      expect(replicator.questions).to.deep.equal([
        { kind: 'topic', topic: '..' },
        { kind: 'topic', topic: 'a/../b' },
      ]);
    });

    it('answers 404 for a topic that does not exist', async () => {
      expect((await get('/api/v1/topics/none')).status).to.equal(404);
    });

    for (const path of [
      'topics?limit=0',
      'topics?limit=201',
      'topics?limit=ten',
      'topics?diverging=perhaps',
      'tree?under=a',
      'topics/%',
      'topics/%ff',
      `topics?filter=${'a'.repeat(70_000)}`,
    ]) {
      it(`refuses ${path.slice(0, 40)}`, async () => {
        const response = await get(`/api/v1/${path}`).catch((error: Error) => error);
        // Too long a head is refused before it is read.
        expect(response).to.have.property('status').that.is.oneOf([400, 431]);
        expect(replicator.questions).to.deep.equal([]);
      });
    }

    it('answers 503 if the reconciler does not answer in time', async () => {
      replicator.answer = () => {
        throw new NoResponseError('no answer came within 5000 ms');
      };
      const response = await get('/api/v1/topics');
      expect(response.status).to.equal(503);
      expect(await response.json()).to.deep.equal({ error: 'no answer came within 5000 ms' });
    });

    it('reveals no internals when it fails', async () => {
      replicator.answer = () => {
        throw new Error('at /home/duck/lib/secret.ts');
      };
      const response = await get('/api/v1/topics');
      expect(response.status).to.equal(500);
      expect(await response.text()).not.to.contain('duck');
    });

    it('sends at most 16 requests to the reconciler at once, and answers 503 to others', async () => {
      let release: (answer: unknown) => void = () => undefined;
      const held = new Promise(resolve => {
        release = resolve;
      });
      replicator.answer = () => held;
      const asked = Array.from({ length: 17 }, () => get('/api/v1/topics'));
      const first = await Promise.race(asked);
      expect(first.status).to.equal(503);
      release({ topics: [] });
      const statuses = (await Promise.all(asked)).map(({ status }) => status).toSorted();
      expect(statuses).to.deep.equal([...new Array(16).fill(200), 503]);
    });

    it('asks the actors at most five times a second, however many clients ask', async () => {
      await Promise.all(Array.from({ length: 50 }, () => get('/api/v1/status')));
      expect(replicator.measured).to.be.below(10);
    });
  });

  it('answers 404 for every other path', async () => {
    for (const path of ['/api', '/api/v1', '/api/v2/status', '/metrics/', '/../package.json', '/%2e%2e/x']) {
      expect((await get(path)).status, path).to.equal(404);
    }
    expect(await raw(served.port, head('/../../package.json', 'Host: localhost'))).to.match(
      /^HTTP\/1.1 404 /,
    );
  });

  it('accepts no method that changes something', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await get('/api/v1/status', { method });
      expect(response.status, method).to.equal(405);
      expect(response.headers.get('allow')).to.equal('GET, HEAD');
    }
    const response = await get('/api/v1/status', { method: 'HEAD' });
    expect(response.status).to.equal(200);
    expect(await response.text()).to.equal('');
  });

  it('forbids browsers in every answer to load other content, to frame the page, or to guess types', async () => {
    for (const path of ['/', '/livez', '/metrics', '/api/v1/status', '/nothing']) {
      const { headers } = await get(path);
      expect(headers.get('content-security-policy'), path)
        .to.contain("default-src 'none'")
        .and.contain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options'), path).to.equal('nosniff');
      expect(headers.get('referrer-policy'), path).to.equal('no-referrer');
    }
  });

  describe('the Host header', () => {
    const statusFor = async (host: string, path = '/api/v1/status', ...headers: readonly string[]) =>
      Number((await raw(served.port, head(path, `Host: ${host}`, ...headers))).slice(9, 12));

    const foreign = [
      'evil.example',
      'localhost.evil.example:9280',
      '127.0.0.1.evil.example',
      'evil',
      'mqttrep:9280',
    ];

    for (const host of [
      'localhost',
      'localhost:1234',
      '127.0.0.1',
      '[::1]:9280',
      'page.localhost',
      '10.0.0.7:80',
    ]) {
      it(`may be ${host}, which is this machine`, async () => {
        expect(await statusFor(host)).to.equal(200);
      });
    }

    for (const host of foreign) {
      it(`must not be ${host} without a token, a name that another site can resolve to this machine`, async () => {
        for (const path of ['/', '/api/v1/status', '/metrics', '/readyz?verbose'])
          expect(await statusFor(host, path), path).to.equal(421);
      });

      it(`may be ${host} for a client that shows the token`, async () => {
        await served.close();
        served = await serve(replicator, { token: TOKEN });
        expect(await statusFor(host, '/api/v1/status', `Authorization: Bearer ${TOKEN}`)).to.equal(200);
        expect(await statusFor(host)).to.equal(401);
        expect(await statusFor(host, '/'), 'the page, which asks for the token').to.equal(200);
      });

      it(`may be ${host} for the brief health checks`, async () => {
        replicator.link('OSLO').enter('ready', 'MQTT 5');
        for (const path of ['/livez', '/readyz']) expect(await statusFor(host, path), path).to.equal(200);
      });
    }

    it('may be a name in MQTTREP_HTTP_HOSTS, and the answer to another name says so', async () => {
      await served.close();
      served = await serve(replicator, { hosts: ['mqttrep', 'mqttrep.default.svc'] });
      expect(await statusFor('MQTTREP:9280')).to.equal(200);
      expect(await statusFor('mqttrep.default.svc')).to.equal(200);
      const refusal = await raw(served.port, head('/metrics', 'Host: other.default.svc'));
      expect(refusal).to.contain('421').and.contain('MQTTREP_HTTP_HOSTS').and.contain('MQTTREP_HTTP_TOKEN');
    });

    it('must exist and be valid, but for health checks', async () => {
      const first = async (path: string, ...headers: readonly string[]) =>
        (await raw(served.port, head(path, ...headers))).slice(0, 12);
      expect(await first('/metrics')).to.equal('HTTP/1.1 400');
      expect(await first('/metrics', 'Host: ')).to.equal('HTTP/1.1 400');
      expect(await first('/metrics', 'Host: a b')).to.equal('HTTP/1.1 400');
      expect((await raw(served.port, 'GET /metrics HTTP/1.0\r\n\r\n')).slice(0, 12)).to.equal('HTTP/1.1 400');
      expect((await raw(served.port, 'GET /livez HTTP/1.0\r\n\r\n')).slice(0, 12)).to.equal('HTTP/1.1 200');
    });
  });

  describe('with a token', () => {
    beforeEach(async () => {
      await served.close();
      served = await serve(replicator, { token: TOKEN });
    });

    const statusWith = async (authorization: string | undefined, path = '/api/v1/status') =>
      (await get(path, authorization === undefined ? {} : { headers: { authorization } })).status;
    const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

    it('answers a client that shows it, as a bearer token or as a password', async () => {
      for (const authorization of [
        `Bearer ${TOKEN}`,
        `bearer ${TOKEN}`,
        basic(`me:${TOKEN}`),
        basic(`:${TOKEN}`),
      ]) {
        expect(await statusWith(authorization), authorization).to.equal(200);
      }
    });

    it('answers 401 to every other client, and makes a browser ask for it', async () => {
      for (const authorization of [
        undefined,
        '',
        'Bearer ',
        `Bearer ${TOKEN}x`,
        `Bearer ${TOKEN.slice(1)}`,
        `Digest ${TOKEN}`,
        basic(`me:${TOKEN}:`),
        basic('me'),
        'Basic %%%',
      ]) {
        expect(await statusWith(authorization), authorization).to.equal(401);
      }
      const response = await get('/metrics');
      expect(response.headers.get('www-authenticate')).to.match(/^Basic /);
    });

    it('protects everything except the brief health checks and the page itself, which asks for the token', async () => {
      const paths = [
        '/metrics',
        '/nothing',
        '/api/v1/events',
        '/api/v1/topics',
        '/readyz?verbose',
        '/readyz?verbose=',
      ];
      for (const path of paths) expect(await statusWith(undefined, path), path).to.equal(401);
      for (const [path, status] of [
        ['/livez', 200],
        ['/readyz', 503],
        ['/', 200],
        ['/page.js', 200],
      ] as const) {
        expect(await statusWith(undefined, path), path).to.equal(status);
      }
    });
  });
});
