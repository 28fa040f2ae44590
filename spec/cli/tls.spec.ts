/** TLS, over TCP and websockets, by certificates in files: both sides are told from impostors. */

import { expect } from 'chai';
import { type Certificates, certificates, type Pair, requireOpenssl } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { patience, type ReplicationFixture } from './replication-fixture.ts';

/** Clients of the spec reach it by `broker` without TLS, mqttrep by the urls. */
interface SecureBroker {
  readonly broker: TestBroker;
  readonly mqtts: string;
  readonly wss: string;
}

async function secureBroker({ ca }: Certificates, { cert, key }: Pair): Promise<SecureBroker> {
  const [tcp, ws] = [await freePort(), await freePort()];
  const tls = [`cafile ${ca}`, `certfile ${cert}`, `keyfile ${key}`, 'require_certificate true'];
  const broker = await startMosquitto({
    config: [`listener ${tcp}`, ...tls, `listener ${ws}`, 'protocol websockets', ...tls],
  });
  return { broker, mqtts: `mqtts://localhost:${tcp}`, wss: `wss://localhost:${ws}` };
}

describe('mqttrep over TLS', function () {
  this.timeout(4 * patience);

  let files: Certificates;
  let oslo: SecureBroker;
  let paris: SecureBroker;
  const fixtures = fixtureHooks();
  let fixture: ReplicationFixture;

  before(async function () {
    requireOpenssl(this);
    files = certificates();
    oslo = await secureBroker(files, files.server);
    paris = await secureBroker(files, files.elsewhere);
  });

  afterEach(async () => {
    for (const { broker } of [oslo, paris]) if (broker.pid === undefined) await broker.start();
  });

  after(async () => {
    await oslo?.broker.stop();
    await paris?.broker.stop();
  });

  function create(url: 'mqtts' | 'wss', oslosConfig: object): ReplicationFixture {
    const client = { caFile: files.ca, certFile: files.client.cert, keyFile: files.client.key };
    const links = {
      OSLO: { url: oslo[url], close: () => Promise.resolve() },
      PARIS: { url: paris[url].replace('localhost', '127.0.0.1'), close: () => Promise.resolve() },
    };
    return fixtures.create({
      brokers: { OSLO: oslo.broker, PARIS: paris.broker },
      links,
      configs: { OSLO: { ...client, ...oslosConfig }, PARIS: { ...client, servername: 'broker.example' } },
    });
  }

  for (const url of ['mqtts', 'wss'] as const) {
    it(`replicates by ${url}, with certificates of both sides, also under another server name`, async () => {
      fixture = create(url, {});
      fixture.run();
      await fixture.connected('OSLO', 'PARIS');
      for (const site of fixture.sites) {
        await fixture.publish(site, `from/${site}`, site, { retain: true });
        await fixture.retainedEverywhere(`from/${site}`, site);
      }
    });

    it(`does not talk by ${url} to a broker of an unknown authority, and says why`, async () => {
      fixture = create(url, { caFile: files.otherCa });
      const mqttrep = fixture.run();
      await fixture.connected('PARIS');
      const line = await mqttrep.line('OSLO: cannot connect', patience);
      expect(line).to.match(/certificate/i);
      expect(mqttrep.stderr).not.to.contain('OSLO: connected').and.not.contain('MQTT 3.1.1');
    });

    it(`does not talk by ${url} to a broker of another name`, async () => {
      fixture = create(url, { servername: 'broker.example' });
      const line = await fixture.run().line('OSLO: cannot connect', patience);
      expect(line).to.contain('broker.example').and.contain('altnames');
    });

    it(`talks by ${url} to whomever if told so, and warns of it`, async () => {
      fixture = create(url, { caFile: files.otherCa, rejectUnauthorized: false });
      const mqttrep = fixture.run();
      await fixture.connected('OSLO');
      expect(await mqttrep.line('`rejectUnauthorized` is false'))
        .to.contain('warn')
        .and.contain('MQTTREP_CONFIG_OSLO')
        .and.contain('`caFile`');
    });

    it(`is told by ${url} that its own certificate is not accepted`, async () => {
      const { cert, key } = files.otherClient;
      fixture = create(url, { certFile: cert, keyFile: key });
      const mqttrep = fixture.run();
      await fixture.connected('PARIS');
      expect(await mqttrep.line('OSLO: cannot connect', patience)).to.match(
        /TLS: .*unknown ca.* retrying in/,
      );
      expect(mqttrep.stderr).not.to.contain('OSLO: connected');
    });
  }
});
