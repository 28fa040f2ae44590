/** The guard refuses requests that a browser sends for another site, except for public paths. */

import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { type Access, Guard } from '../../lib/status/guard.ts';
import { FakeReplicator } from './fake-replicator.ts';
import { raw, type Served, serve } from './served.ts';

const TOKEN = 's3cret-of-sixteen';

/** Headers of a browser, and whether the request comes from the status page itself or from the user. */
const ORIGINS: readonly (readonly [headers: readonly string[], isOurs: boolean])[] = [
  [[], true],
  [['Sec-Fetch-Site: none'], true],
  [['Sec-Fetch-Site: same-origin'], true],
  [['Sec-Fetch-Site: same-origin', 'Origin: https://behind.a-proxy.example'], true],
  [['Origin: http://localhost:9280'], true],
  [['Origin: https://LOCALHOST:9280'], true],
  [['Sec-Fetch-Site: cross-site'], false],
  [['Sec-Fetch-Site: same-site'], false],
  [['Sec-Fetch-Site: same-site', 'Origin: http://localhost:9280'], false],
  [['Sec-Fetch-Site: '], false],
  [['Sec-Fetch-Site: whatever'], false],
  [['Origin: http://localhost:3000'], false],
  [['Origin: http://evil.example'], false],
  [['Origin: null'], false],
  [['Origin: '], false],
];

describe('a request that a browser sends', () => {
  let served: Served;
  let replicator: FakeReplicator;

  afterEach(() => served.close());

  async function start(token: string | undefined): Promise<void> {
    replicator = new FakeReplicator('OSLO');
    replicator.answer = () => ({ topics: [] });
    served = await serve(replicator, { token });
  }

  async function statusOf(path: string, headers: readonly string[]): Promise<number> {
    const all = ['Host: localhost:9280', 'Connection: close', ...headers];
    const answer = await raw(
      served.port,
      `GET ${path} HTTP/1.1\r\n${all.map(one => `${one}\r\n`).join('')}\r\n`,
    );
    return Number(answer.slice('HTTP/1.1 '.length).slice(0, 3));
  }

  for (const [headers, isOurs] of ORIGINS) {
    const what = headers.length === 0 ? 'no header that tells its site' : `«${headers.join(', ')}»`;
    it(`${isOurs ? 'is answered' : 'gets 403'} with ${what}`, async () => {
      await start(undefined);
      expect(await statusOf('/api/v1/topics', headers)).to.equal(isOurs ? 200 : 403);
      expect(replicator.questions).to.have.lengthOf(isOurs ? 1 : 0);
    });
  }

  it('for another site gets 403, except for static files and the brief health checks', async () => {
    await start(undefined);
    for (const [path, status] of [
      ['/metrics', 403],
      ['/api/v1/status', 403],
      ['/api/v1/topics/a', 403],
      ['/api/v1/tree', 403],
      ['/api/v1/events', 403],
      ['/readyz?verbose', 403],
      ['/nothing', 403],
      ['/', 200],
      ['/page.js', 200],
      ['/livez', 200],
      ['/readyz', 503],
    ] as const) {
      expect(await statusOf(path, ['Sec-Fetch-Site: cross-site']), path).to.equal(status);
    }
  });

  it('for another site gets 403 even with the token, which a browser may add by itself', async () => {
    await start(TOKEN);
    const authorization = `Authorization: Basic ${Buffer.from(`me:${TOKEN}`).toString('base64')}`;
    expect(await statusOf('/metrics', [authorization])).to.equal(200);
    expect(await statusOf('/metrics', [authorization, 'Sec-Fetch-Site: cross-site'])).to.equal(403);
  });
});

describe('a request to undo', () => {
  let served: Served;
  let replicator: FakeReplicator;

  afterEach(() => served.close());

  async function ask(
    method: string,
    query: string,
    token: string | undefined,
    headers: Record<string, string> = {},
  ) {
    replicator = new FakeReplicator('OSLO');
    replicator.answer = () => ({ topics: ['t'] });
    served = await serve(replicator, { token });
    return fetch(new URL(`/api/v1/undo${query}`, served.url), { method, headers });
  }

  it('is accepted by POST', async () => {
    const response = await ask('POST', '?filter=a/%2B', undefined);
    expect(response.status).to.equal(200);
    expect(await response.json()).to.deep.equal({ topics: ['t'] });
    expect(replicator.questions).to.deep.equal([{ kind: 'undo', filter: 'a/+' }]);
  });

  for (const [what, status, method, query, token, headers] of [
    ['by GET', 405, 'GET', '?filter=a', undefined, {}],
    ['without a topic', 400, 'POST', '', undefined, {}],
    ['without the token', 401, 'POST', '?filter=a', TOKEN, {}],
    ['from another site', 403, 'POST', '?filter=a', undefined, { origin: 'http://localhost:3000' }],
  ] as const) {
    it(`is refused ${what}`, async () => {
      expect((await ask(method, query, token, headers)).status).to.equal(status);
      expect(replicator.questions).to.deep.equal([]);
    });
  }
});

describe('a request that changes something', () => {
  interface Asked {
    readonly method?: string;
    readonly from?: string;
    readonly headers?: Readonly<Record<string, string>>;
  }

  function verdict(token: string | undefined, access: Access, asked: Asked): number | undefined {
    const { method = 'POST', from = '127.0.0.1', headers = {} } = asked;
    const request = {
      method,
      headers: { host: 'localhost:9280', ...headers },
      socket: { remoteAddress: from },
    };
    return new Guard({ host: '127.0.0.1', hosts: [], token }).refuse(
      request as unknown as IncomingMessage,
      access,
    )?.status;
  }

  it('must be a POST', () => {
    expect(verdict(undefined, 'change', {})).to.equal(undefined);
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(verdict(undefined, 'change', { method }), method).to.equal(405);
    }
    for (const access of ['open', 'protected'] as const) {
      expect(verdict(undefined, access, {}), access).to.equal(405);
    }
  });

  it('is accepted only from this machine if there is no token', () => {
    for (const from of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) {
      expect(verdict(undefined, 'change', { from }), from).to.equal(undefined);
    }
    for (const from of ['10.0.0.7', '::ffff:10.0.0.7', '2001:db8::1', '']) {
      expect(verdict(undefined, 'change', { from }), from).to.equal(403);
    }
  });

  it('is accepted from every client that shows the token', () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect(verdict(TOKEN, 'change', { from: '10.0.0.7', headers })).to.equal(undefined);
    expect(verdict(TOKEN, 'change', { from: '10.0.0.7' })).to.equal(401);
    expect(verdict(TOKEN, 'change', {}), 'from this machine').to.equal(401);
  });

  it('is never accepted from another site, nor without a token for a foreign host name', () => {
    const authorization = `Bearer ${TOKEN}`;
    for (const token of [undefined, TOKEN]) {
      for (const foreign of [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'http://localhost:3000' },
      ] as const) {
        expect(verdict(token, 'change', { headers: { authorization, ...foreign } })).to.equal(403);
      }
      const headers = { host: 'evil.example' };
      expect(verdict(token, 'change', { headers })).to.equal(token === undefined ? 421 : 401);
    }
  });
});
