/** `mqttrep check --connect` warns of a certificate that ends soon, as `mqttrep run` does. */

import { expect } from 'chai';
import { certificates, requireOpenssl } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { command } from './command.ts';

describe('mqttrep check --connect at a broker whose certificate ends in two days', function () {
  this.timeout(60_000);

  let broker: TestBroker;
  let environment: Readonly<Record<string, string>>;

  before(async function () {
    requireMosquitto(this);
    requireOpenssl(this);
    const { ca, server, client } = certificates();
    const port = await freePort();
    broker = await startMosquitto({
      config: [`listener ${port} 127.0.0.1`, `certfile ${server.cert}`, `keyfile ${server.key}`],
    });
    environment = {
      MQTTREP_CLIENT_PLAIN: broker.url,
      MQTTREP_CLIENT_TLS: `mqtts://127.0.0.1:${port}`,
      MQTTREP_CONFIG_TLS: JSON.stringify({ caFile: ca, certFile: client.cert, keyFile: client.key }),
      MQTTREP_TOPIC_all: '#',
    };
  });

  after(() => broker?.stop());

  it('warns of it, and of that of mqttrep, and still ends with 0', async () => {
    const { code, stdout } = await command(['check', '--connect'], environment);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^TLS: the broker's certificate ends in one day; renew it at the broker$/m);
    expect(stdout).to.match(
      /^TLS: the certificate of mqttrep \(`certFile`\) ends in one day; write a new one/m,
    );
    expect(stdout).not.to.match(/^PLAIN: .*certificate/m);
  });

  it('tells the days to programs', async () => {
    const { stdout } = await command(['check', '--connect', '--json'], environment);
    const { connections } = JSON.parse(stdout) as {
      connections: { certificateDays: { broker?: number; mqttrep?: number } }[];
    };
    const [plain, tls] = connections.map(({ certificateDays }) => certificateDays);
    expect(plain).to.deep.equal({});
    expect(tls?.broker).to.be.within(1, 2);
    expect(tls?.mqttrep).to.be.within(1, 2);
  });
});
