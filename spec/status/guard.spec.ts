/** To whom the status server answers: requests with a name of this machine, and with the token if one is set. */

import { expect } from 'chai';
import { FakeReplicator } from './fake-replicator.ts';
import { headOf, raw, type Served, serve } from './served.ts';

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

  describe('the Host header', () => {
    const statusFor = async (...headers: readonly string[]) =>
      (await raw(served.port, headOf('/livez', ...headers))).slice(0, 12);

    for (const host of [
      'localhost',
      'localhost:1234',
      '127.0.0.1',
      '[::1]:9280',
      'page.localhost',
      '10.0.0.7:80',
    ]) {
      it(`may be ${host}, which is this machine`, async () => {
        expect(await statusFor(`Host: ${host}`)).to.equal('HTTP/1.1 200');
      });
    }

    for (const host of ['evil.example', 'localhost.evil.example:9280', '127.0.0.1.evil.example', 'evil']) {
      it(`must not be ${host}, a name that another site can resolve to this machine`, async () => {
        expect(await statusFor(`Host: ${host}`)).to.equal('HTTP/1.1 421');
      });
    }

    it('must exist and be valid', async () => {
      expect(await statusFor()).to.equal('HTTP/1.1 400');
      expect(await statusFor('Host: ')).to.equal('HTTP/1.1 400');
      expect(await statusFor('Host: a b')).to.equal('HTTP/1.1 400');
      expect((await raw(served.port, 'GET /livez HTTP/1.0\r\n\r\n')).slice(0, 12)).to.equal('HTTP/1.1 400');
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
