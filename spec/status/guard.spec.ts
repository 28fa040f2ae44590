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
    const statusFor = async (host: string, path = '/api/v1/status', ...headers: readonly string[]) =>
      Number((await raw(served.port, headOf(path, `Host: ${host}`, ...headers))).slice(9, 12));

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
      const refusal = await raw(served.port, headOf('/metrics', 'Host: other.default.svc'));
      expect(refusal).to.contain('421').and.contain('MQTTREP_HTTP_HOSTS').and.contain('MQTTREP_HTTP_TOKEN');
    });

    it('must exist and be valid, but for health checks', async () => {
      const first = async (path: string, ...headers: readonly string[]) =>
        (await raw(served.port, headOf(path, ...headers))).slice(0, 12);
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
