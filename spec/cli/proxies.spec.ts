/** mqttrep between brokers that it reaches through proxies only. */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { BROKER_HOST, TestProxy } from '../support/proxies.ts';
import { retainedOf } from '../support/retained-of.ts';
import { command } from './command.ts';
import { mosquittos, patience, ReplicationFixture } from './replication-fixture.ts';

describe('Brokers behind proxies', function () {
  this.timeout(4 * patience);

  const secret = 'qu%40ck-qu%40ck';
  const account = `duck:${decodeURIComponent(secret)}`;
  let socks: TestProxy;
  let http: TestProxy;

  beforeEach(async () => {
    socks = await TestProxy.start('socks5', { account });
    http = await TestProxy.start('http', { account });
  });

  afterEach(() => Promise.all([socks.close(), http.close()]));

  it('are kept equal, by a name that only the proxy knows, and no output has the secret', async function () {
    requireMosquitto(this);
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    const behind = (port: number) => ({
      url: `mqtt://${BROKER_HOST}:${port}`,
      close: () => Promise.resolve(),
    });
    const fixture = new ReplicationFixture({
      brokers,
      links: { OSLO: behind(brokers.OSLO.port), PARIS: behind(brokers.PARIS.port) },
      configs: {
        OSLO: { proxy: socks.url(`duck:${secret}`) },
        PARIS: { proxy: http.url(`duck:${secret}`) },
      },
    });
    try {
      const outputs = await Promise.all(
        [['config'], ['config', '--json'], ['config', '--yaml'], ['check', '--connect']].map(args =>
          command(args, fixture.environment),
        ),
      );
      for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.to.match(/qu%40ck|qu@ck/);
      for (const site of ['OSLO', 'PARIS'])
        expect(outputs.at(-1)?.stdout).to.match(new RegExp(`^${site} +yes +MQTT 5`, 'm'));
      fixture.run();
      await fixture.connected('OSLO', 'PARIS');
      const [atOslo, atParis] = [await fixture.client('OSLO'), await fixture.client('PARIS')];
      await atOslo.publish('a', 'of oslo', { retain: true });
      await atParis.publish('b', 'of paris', { retain: true });
      await eventually(async () => {
        for (const url of fixture.urls) {
          const retained = await retainedOf(url);
          expect([retained.get('a'), retained.get('b')]).to.deep.equal(['of oslo', 'of paris']);
        }
      });
      expect(new Set(socks.targets)).to.deep.equal(new Set([`${BROKER_HOST}:${brokers.OSLO.port}`]));
      expect(new Set(http.targets)).to.deep.equal(new Set([`${BROKER_HOST}:${brokers.PARIS.port}`]));
      expect(fixture.mqttrep.stderr).not.to.match(/qu%40ck|qu@ck/);
    } finally {
      await fixture.stop();
    }
  });

  it('are told of with the proxy and the fix, and no secret', async () => {
    const { stdout, stderr } = await command(['check', '--connect'], {
      MQTTREP_CLIENT_OSLO: `mqtt://${BROKER_HOST}:${await freePort()}`,
      MQTTREP_CLIENT_PARIS: `mqtt://${BROKER_HOST}:1883`,
      MQTTREP_CONFIG_OSLO: JSON.stringify({ proxy: socks.url(`duck:${secret}`) }),
      MQTTREP_CONFIG_PARIS: JSON.stringify({ proxy: http.url('duck:wrong-one') }),
      MQTTREP_TOPIC_all: '#',
    });
    const output = stdout + stderr;
    expect(output).to.contain(`the proxy ${socks.url()} cannot reach the broker at ${BROKER_HOST}`);
    expect(output).to.contain(`the proxy ${http.url()} does not accept the user name and password`);
    expect(output).to.contain('check the user name and password in `proxy` of MQTTREP_CONFIG_PARIS');
    expect(output).not.to.match(/qu%40ck|qu@ck|wrong-one/);
  });
});
