/** Connections through proxies to a real broker, and what is said of a proxy that opens none. */

import { Socket } from 'node:net';
import { expect } from 'chai';
import sinon from 'sinon';
import { Connection } from '../../../lib/broker/connection/connection.ts';
import type { ConnectionOptions } from '../../../lib/broker/connection/connection-options.ts';
import { connectAdvice } from '../../../lib/broker/network/connect-advice.ts';
import { ConnectError } from '../../../lib/broker/network/connect-error.ts';
import { DEFAULT_BOUNDS } from '../../../lib/config/bounds.ts';
import { placesByVariables } from '../../../lib/config/broker-places.ts';
import { certificates, requireOpenssl } from '../../support/certificates.ts';
import { freePort } from '../../support/free-port.ts';
import { requireMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { BROKER_HOST, TestProxy } from '../../support/proxies.ts';
import type { TestBroker } from '../../support/test-broker.ts';

const SCHEMES = ['mqtt', 'mqtts', 'ws', 'wss'] as const;
const KINDS = ['socks5', 'http'] as const;
const ACCOUNT = 'duck:qu@ck/';
const ENCODED = 'duck:qu%40ck%2F';

describe('A connection through a proxy', function () {
  this.timeout(60_000);

  let broker: TestBroker;
  let proxy: TestProxy | undefined;
  const ports: Record<string, number> = {};

  before(async function () {
    requireMosquitto(this);
    requireOpenssl(this);
    const { server } = certificates();
    const tls = [`certfile ${server.cert}`, `keyfile ${server.key}`];
    for (const scheme of SCHEMES.slice(1)) ports[scheme] = await freePort();
    broker = await startMosquitto({
      config: [
        ...[`listener ${ports['mqtts']} 127.0.0.1`, ...tls],
        ...[`listener ${ports['ws']} 127.0.0.1`, 'protocol websockets'],
        ...[`listener ${ports['wss']} 127.0.0.1`, 'protocol websockets', ...tls],
      ],
    });
    ports['mqtt'] = broker.port;
  });

  after(() => broker?.stop());

  afterEach(async () => {
    sinon.restore();
    await proxy?.close();
  });

  function optionsFor(scheme: string, url: string, port = ports[scheme]): ConnectionOptions {
    return {
      url: `${scheme}://${BROKER_HOST}:${port}`,
      options: { proxy: url, caFile: certificates().ca, servername: 'localhost', connectTimeout: 2_000 },
      clientId: `spec-${scheme}`,
      protocolVersion: 5,
      maxQos: 2,
      largestPayload: DEFAULT_BOUNDS.payload,
    };
  }

  for (const kind of KINDS) {
    for (const scheme of SCHEMES) {
      it(`carries messages both ways, without Nagle's delay: ${scheme} through ${kind}`, async () => {
        proxy = await TestProxy.start(kind, { account: ACCOUNT });
        const connects = sinon.spy(Socket.prototype, 'connect');
        const connection = await Connection.open(optionsFor(scheme, proxy.url(ENCODED)));
        expect(proxy.targets).to.deep.equal([`${BROKER_HOST}:${ports[scheme]}`]);
        // Node hands the options on in an array. The first connection is that to the proxy.
        expect(connects.args.flat(2)[0]).to.include({ noDelay: true });
        for (const qos of [0, 1, 2] as const) {
          const topic = `t/${scheme}/${qos}`;
          const arrived = new Promise<string>(resolve => {
            connection.receive((message, done) => {
              resolve(message.topic);
              done();
            });
          });
          await connection.subscribe([topic], { qos, replay: false, retainAsPublished: true });
          const payload = Buffer.alloc(2_000, 'x');
          await new Promise<void>((resolve, reject) => {
            connection.publish(topic, payload, { qos }, error =>
              error === undefined ? resolve() : reject(error),
            );
          });
          expect(await arrived).to.equal(topic);
        }
        await connection.end();
      });
    }
  }

  async function failureOf(options: ConnectionOptions, signal?: AbortSignal) {
    try {
      await Connection.open(options, signal);
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      const advice = await connectAdvice(error, { places: placesByVariables('OSLO'), ...options });
      return { message: error.message, advice: advice ?? '' };
    }
    throw new Error('it is connected');
  }

  const refusals = [
    {
      what: 'credentials',
      options: { account: ACCOUNT },
      account: 'duck:wrong',
      fix: '`proxy` of MQTTREP_CONFIG_OSLO',
    },
    { what: 'missing credentials', options: { account: ACCOUNT }, fix: '`proxy` of MQTTREP_CONFIG_OSLO' },
    { what: 'a target', options: { forbids: true }, fix: 'have the proxy permit that host and port' },
  ];
  for (const kind of KINDS) {
    for (const { what, options, account, fix } of refusals) {
      it(`names the proxy and the fix, and no secret, when ${kind} refuses ${what}`, async () => {
        proxy = await TestProxy.start(kind, options);
        const { message, advice } = await failureOf(optionsFor('mqtts', proxy.url(account)));
        expect(message).to.contain(`the proxy ${proxy.url()} `);
        expect(message).to.match(/does not (accept the user name and password|permit connections to)/);
        expect(advice).to.contain(fix);
        expect(`${message} ${advice}`).not.to.match(/wrong|duck/);
      });
    }

    it(`names the broker that ${kind} cannot reach, and the fix`, async () => {
      proxy = await TestProxy.start(kind);
      const port = await freePort();
      const { message, advice } = await failureOf(optionsFor('mqtt', proxy.url(), port));
      expect(message).to.contain(`cannot reach the broker at ${BROKER_HOST}, port ${port}`);
      expect(advice).to.contain('MQTTREP_CLIENT_OSLO').and.to.contain('has a route to the broker');
    });

    it(`names a proxy that does not run, and the fix: ${kind}`, async () => {
      const url = `${kind}://duck:secret@127.0.0.1:${await freePort()}`;
      const { message, advice } = await failureOf(optionsFor('ws', url));
      expect(message).to.match(/^the proxy \w+:\/\/127\.0\.0\.1:\d+ cannot be reached \(.*ECONNREFUSED/);
      expect(advice).to.contain('check that the proxy runs');
    });

    it(`says that a proxy is of another kind than ${kind}`, async () => {
      proxy = await TestProxy.start(kind === 'http' ? 'socks5' : 'http');
      const { message, advice } = await failureOf(optionsFor('mqtt', proxy.url().replace(/^\w+/, kind)));
      expect(message).to.match(/does not (speak its protocol|open a connection)/);
      expect(advice).to.contain('check that it is a proxy of this kind');
    });
  }

  it('is given up with the attempt', async () => {
    proxy = await TestProxy.start('socks5');
    const giveUp = new AbortController();
    const failed = failureOf(optionsFor('mqtt', proxy.url()), giveUp.signal);
    giveUp.abort();
    expect((await failed).message).to.contain('given up');
  });
});
