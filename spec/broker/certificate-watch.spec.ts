/** How long certificates are still valid, and the warning in time. */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import sinon from 'sinon';
import { CertificateWatch } from '../../lib/broker/certificate-watch.ts';
import { Connection } from '../../lib/broker/connection/connection.ts';
import { certificateEnds } from '../../lib/broker/credentials/certificate-days.ts';
import { DEFAULT_BOUNDS } from '../../lib/config/bounds.ts';
import { certificates, requireOpenssl } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { TestProxy } from '../support/proxies.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

describe('CertificateWatch', () => {
  let clock: sinon.SinonFakeTimers;
  let lines: string[];
  let watch: CertificateWatch;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    lines = [];
    watch = new CertificateWatch((level, message) => lines.push(`${level}: ${message}`));
  });

  afterEach(() => {
    watch.end();
    clock.restore();
  });

  it('tells the days of each certificate, and warns of none that ends later than in 14 days', () => {
    watch.connected({ broker: 15 * DAY_MS, mqttrep: 100 * DAY_MS });
    expect(watch.days).to.deep.equal({ broker: 15, mqttrep: 100 });
    expect(lines).to.deep.equal([]);
  });

  it('warns at the connect of a certificate that ends within 14 days', () => {
    watch.connected({ broker: 100 * DAY_MS, mqttrep: 13.5 * DAY_MS });
    expect(lines).to.deep.equal([
      'warn: the certificate of mqttrep (`certFile`) ends in 13 days; write a new one into the file',
    ]);
  });

  it('counts the days in words that are right for one day and for less', () => {
    watch.connected({ broker: 1.5 * DAY_MS, mqttrep: 0.5 * DAY_MS });
    expect(lines).to.deep.equal([
      "warn: the broker's certificate ends in one day; renew it at the broker",
      'warn: the certificate of mqttrep (`certFile`) ends within a day; write a new one into the file',
    ]);
  });

  it('warns while the connection stands, and when the certificate has ended', () => {
    watch.connected({ broker: 14.2 * DAY_MS });
    expect(lines).to.deep.equal([]);
    clock.tick(DAY_MS / 2);
    expect(lines).to.deep.equal(["warn: the broker's certificate ends in 13 days; renew it at the broker"]);
    clock.tick(14 * DAY_MS);
    expect(lines.at(-1)).to.contain('has ended, and the next connection will fail');
    expect(watch.days.broker).to.be.below(0);
  });

  it('warns no more of a certificate that was replaced', () => {
    watch.connected({ broker: 20 * DAY_MS });
    watch.connected({ broker: 400 * DAY_MS });
    clock.tick(100 * DAY_MS);
    expect(lines).to.deep.equal([]);
    watch.connected({});
    expect(watch.days).to.deep.equal({});
  });
});

describe('certificateEnds', () => {
  it('reads when the own certificate ends, and nothing of a connection without TLS', function () {
    this.timeout(40_000);
    requireOpenssl(this);
    const pem = readFileSync(certificates().client.cert, 'utf8');
    const { mqttrep, broker } = certificateEnds({}, pem);
    expect(mqttrep).to.be.above(Date.now());
    expect(broker).to.equal(undefined);
    expect(certificateEnds({}, undefined)).to.deep.equal({});
    expect(certificateEnds({}, 'no pem')).to.deep.equal({});
  });

  it("reads when the broker's certificate ends, of a connection with TLS", async function () {
    this.timeout(40_000);
    requireOpenssl(this);
    requireMosquitto(this);
    const { ca, server } = certificates();
    const port = await freePort();
    const broker = await startMosquitto({
      config: [`listener ${port} 127.0.0.1`, `certfile ${server.cert}`, `keyfile ${server.key}`],
    });
    const proxy = await TestProxy.start('http');
    const { validTo } = new X509Certificate(readFileSync(server.cert));
    for (const options of [{ caFile: ca }, { caFile: ca, proxy: proxy.url() }]) {
      const connection = await Connection.open({
        url: `mqtts://127.0.0.1:${port}`,
        options,
        clientId: 'spec-certificate',
        protocolVersion: 5,
        maxQos: 2,
        largestPayload: DEFAULT_BOUNDS.payload,
      });
      expect(connection.certificateEnds).to.deep.equal({ broker: Date.parse(validTo) });
      await connection.end();
    }
    await proxy.close();
    await broker.stop();
  });
});
