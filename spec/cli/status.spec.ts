/** The status server of the executable, and `mqttrep status`. */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Status } from '../../lib/status/api.ts';
import { startAedes } from '../support/aedes-broker.ts';
import { TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { type Environment, type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import type { TestBroker } from '../support/test-broker.ts';

const TOKEN = 's3cret-of-sixteen';

async function run(args: readonly string[], environment: Environment = {}) {
  const running = startMqttrep(environment, args);
  const { code } = await running.exit;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

describe('the status of a running mqttrep', () => {
  let brokers: TestBroker[];
  let mqttrep: MqttrepProcess | undefined;
  let taker: Server | undefined;

  before(async () => {
    brokers = await Promise.all([startAedes(), startAedes()]);
  });

  after(() => Promise.all(brokers.map(broker => broker.stop())));

  const stop = async () => {
    await mqttrep?.stop();
    mqttrep = undefined;
    taker?.close();
    taker = undefined;
  };

  const environment = (http: Environment): Environment => ({
    MQTTREP_CLIENT_OSLO: brokers[0]?.url ?? '',
    MQTTREP_CLIENT_PARIS: brokers[1]?.url ?? '',
    MQTTREP_TOPIC_ALL: '#',
    MQTTREP_MERGE_FREQUENCY: '20',
    MQTTREP_STORE: 'memory',
    ...http,
  });

  async function start(http: Environment): Promise<string> {
    mqttrep = startMqttrep(environment(http));
    const line = await mqttrep.line('status page: ');
    for (const name of ['OSLO', 'PARIS']) await mqttrep.line(`${name}: connected`);
    return /http:\S+(?=\/$)/.exec(line)?.[0] ?? '';
  }

  /** Lets another server listen at a port. */
  async function take(port: number): Promise<number> {
    taker = createServer((_, response) => response.end('something else')).listen(port, '127.0.0.1');
    await once(taker, 'listening');
    return (taker.address() as AddressInfo).port;
  }

  describe('from this machine', () => {
    let url: string;
    before(async () => {
      url = await start({ MQTTREP_HTTP: '0' });
    });
    after(stop);

    it('is served over HTTP, from the first write until it has reached all brokers', async () => {
      const client = await TestClient.connect(brokers[0]?.url ?? '');
      await client.publish('canards/name', 'Saturnin', { retain: true });
      await eventually(async () => {
        const status = (await (await fetch(`${url}/api/v1/status`)).json()) as Status;
        expect(status.topics).to.deep.equal({ converged: 1, diverging: 0, blocked: 0, deleted: 0 });
        expect(status.brokers.map(({ name, state }) => [name, state])).to.deep.equal([
          ['OSLO', 'ready'],
          ['PARIS', 'ready'],
        ]);
        expect(status.brokers[1]).to.include({ behind: 0, pending: 0 });
        // Over MQTT 3.1.1 mqttrep publishes the message at once, and again when a probe has found that it is retained.
        expect(status.brokers[1]?.published).to.be.within(1, 2);
        expect(status.convergence.count).to.equal(1);
      });
      const topic = await (await fetch(`${url}/api/v1/topics/canards%2Fname`)).json();
      expect(topic).to.have.nested.property('held.PARIS.value.text', 'Saturnin');
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics)
        .to.contain('\nmqttrep_topics{state="converged"} 1\n')
        .and.contain('\nmqttrep_broker_up{broker="PARIS"} 1\n')
        .and.match(/^mqttrep_messages_published_total{broker="PARIS"} [12]$/m)
        .and.contain('\nmqttrep_convergence_seconds_count 1\n');
      expect((await fetch(`${url}/readyz`)).status).to.equal(200);
      await client.end();
    });

    it('is printed by `mqttrep status`, for people and for programs', async () => {
      const text = await run(['status', '--url', url]);
      expect({ code: text.code, stderr: text.stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(text.stdout)
        .to.match(/^mqttrep \S+ at http/)
        .and.contain('1 topic converged, 0 diverging')
        .and.match(/^OSLO +ready /m)
        .and.not.contain('\x1b');
      const json = await run(['status', '--json', '--url', `${url}/`]);
      expect(JSON.parse(json.stdout)).to.have.nested.property('brokers[1].name', 'PARIS');
    });

    it('is printed every second with --watch --json, one object a line, until a signal', async () => {
      const watching = startMqttrep({}, ['status', '--watch', '--json', '--url', url]);
      await eventually(() => expect(watching.stdout.split('\n').length).to.be.above(3), { within: 10_000 });
      expect(await watching.stop('SIGINT')).to.deep.equal({ code: 0, signal: null });
      const [first = ''] = watching.stdout.split('\n');
      expect(JSON.parse(first)).to.have.property('replica');
    });
  });

  describe('by its address', () => {
    afterEach(stop);

    it('is found by the same environment, which also has the token', async () => {
      const port = await freePort();
      const http = { MQTTREP_HTTP: `127.0.0.1:${port}`, MQTTREP_HTTP_TOKEN: TOKEN };
      await start(http);
      expect((await run(['status'], http)).code).to.equal(0);
      const without = await run(['status'], { MQTTREP_HTTP: http.MQTTREP_HTTP });
      expect(without.code).to.equal(1);
      expect(without.stderr).to.contain('MQTTREP_HTTP_TOKEN').and.not.contain(TOKEN);
      expect(mqttrep?.stderr).not.to.contain(TOKEN);
    });

    describe('ends `mqttrep status` with 69', () => {
      it('if nothing listens', async () => {
        const port = await freePort();
        const { code, stderr, stdout } = await run(['status'], { MQTTREP_HTTP: String(port) });
        expect({ code, stdout }).to.deep.equal({ code: 69, stdout: '' });
        expect(stderr).to.contain(`http://127.0.0.1:${port}: nothing listens there`);
      });

      it('if another server listens', async () => {
        const port = await take(0);
        const { code, stderr } = await run(['status', '--url', `http://127.0.0.1:${port}`]);
        expect(code).to.equal(69);
        expect(stderr).to.contain('is not mqttrep');
      });

      it('if MQTTREP_HTTP is off', async () => {
        expect((await run(['status'], { MQTTREP_HTTP: 'off' })).code).to.equal(69);
      });
    });

    it('ends `mqttrep status` with 64 if --url is not an address', async () => {
      const { code, stderr } = await run(['status', '--url', 'gateway']);
      expect(code).to.equal(64);
      expect(stderr).to.contain("'gateway'");
    });

    describe('if another process has the port', () => {
      it('ends mqttrep with 1 and the reason, if the user chose the port', async () => {
        const port = await take(0);
        const { code, stderr } = await run([], environment({ MQTTREP_HTTP: String(port) }));
        expect(code).to.equal(1);
        expect(stderr).to.match(
          /error cannot listen at 127\.0\.0\.1, port \d+: another process listens there; /,
        );
        expect(stderr).not.to.contain('connected');
      });

      it('is not served, with a warning, if it is the default port', async () => {
        // If another process has the port already, that is fine too.
        await take(9280).catch(() => undefined);
        const { MQTTREP_HTTP: _, ...without } = environment({});
        mqttrep = startMqttrep({ ...without, MQTTREP_HTTP: '' });
        await mqttrep.line(/warn +cannot listen at 127\.0\.0\.1, port 9280: another process listens there; /);
        for (const name of ['OSLO', 'PARIS']) await mqttrep.line(`${name}: connected`);
      });
    });
  });
});
