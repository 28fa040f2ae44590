/** `mqttrep check --connect` says what each broker does, and leaves nothing at any. */

import { expect } from 'chai';
import { controlTopicsAt } from '../broker/makes.ts';
import { type AedesBroker, startAedes } from '../support/aedes-broker.ts';
import { TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { Link } from '../support/link.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { CONNECT, connectOf, typeOf } from '../support/packet-bytes.ts';
import { PacketRelay } from '../support/packet-relay.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { command, environmentOf, rowOf } from './command.ts';

describe('mqttrep check --connect', function () {
  this.timeout(60_000);

  let brokers: { OSLO: TestBroker; LOW: TestBroker; CUT: AedesBroker };
  let environment: Readonly<Record<string, string>>;

  before(async function () {
    requireMosquitto(this);
    brokers = {
      OSLO: await startMosquitto(),
      LOW: await startMosquitto({ config: ['retain_available false', 'max_qos 0'] }),
      CUT: await startAedes({ replayCut: 1_000 }),
    };
    environment = environmentOf(brokers);
  });

  after(async () => {
    for (const broker of Object.values(brokers ?? {})) await broker.stop();
  });

  it('tells in a table what each broker does, and ends with 0', async () => {
    const { code, stdout, stderr } = await command(['check', '--connect'], environment);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    const { 'round trip': roundTrip, ...oslo } = rowOf(stdout, 'OSLO');
    expect(roundTrip).to.match(/^[\d.]+ ms$/);
    expect(oslo).to.deep.equal({
      broker: 'OSLO',
      reached: 'yes',
      version: 'MQTT 5',
      QoS: '1',
      retained: 'yes',
      'wildcard replay': 'complete (1100)',
      echo: 'yes',
    });
    expect(rowOf(stdout, 'LOW')).to.include({ reached: 'yes', QoS: '0', retained: 'no', echo: 'yes' });
    expect(rowOf(stdout, 'CUT')).to.include({
      version: 'MQTT 3.1.1',
      retained: 'yes',
      'wildcard replay': 'cut (1000 of 1100)',
    });
    expect(stdout)
      .to.contain(
        'CUT: the broker does not replay all retained messages at once; mqttrep reads the rest in parts',
      )
      .and.not.contain('OSLO: the broker does not replay');
  });

  it('tells the same to programs', async () => {
    const { code, stdout } = await command(['check', '--connect', '--json'], environment);
    expect(code).to.equal(0);
    const { valid, connections } = JSON.parse(stdout);
    expect(valid).to.equal(true);
    expect(connections.map(({ name }: { name: string }) => name)).to.deep.equal(['CUT', 'LOW', 'OSLO']);
    expect(connections[0]).to.deep.include({
      reached: true,
      note: null,
      grantedQos: 1,
      wildcardReplay: { shown: 1000, stored: 1100 },
    });
  });

  it('leaves nothing behind', async () => {
    for (const { url } of [brokers.OSLO, brokers.CUT]) expect(await controlTopicsAt(url)).to.deep.equal([]);
  });

  it('leaves nothing behind when it is interrupted, and ends with 1', async () => {
    const client = await TestClient.connect(brokers.OSLO.url);
    await client.subscribe('mqttrep/+/check/#', { qos: 0 });
    const running = startMqttrep(environment, ['check', '--connect']);
    await client.waitFor(({ topic }) => topic.includes('/many/'), 20_000);
    const { code } = await running.stop('SIGINT');
    expect(code).to.equal(1);
    await client.end();
    await eventually(async () => {
      for (const { url } of [brokers.OSLO, brokers.CUT]) expect(await controlTopicsAt(url)).to.deep.equal([]);
    });
  });

  it('ends with 69 where a broker is not reached, and says why', async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}`;
    const { code, stdout } = await command(['check', '--connect'], {
      ...environment,
      MQTTREP_CLIENT_GONE: url,
    });
    expect(code).to.equal(69);
    expect(rowOf(stdout, 'GONE')).to.include({ reached: 'no', version: '-' });
    expect(stdout).to.match(/^GONE: .*ECONNREFUSED/m);
    expect(rowOf(stdout, 'OSLO')).to.include({ reached: 'yes', echo: 'yes' });
  });

  for (const how of ['text', '--json']) {
    it(`ends with 69 where one accepts the connection and is silent, and does not wait for ever (${how})`, async () => {
      const link = await Link.to(brokers.OSLO.port);
      link.freeze();
      const { code, stdout } = await command(['check', '--connect', ...(how === 'text' ? [] : [how])], {
        ...environment,
        MQTTREP_CLIENT_FROZEN: link.url,
        MQTTREP_CONFIG_FROZEN: '{"connectTimeout":300}',
      });
      await link.close();
      expect(code).to.equal(69);
      const note = 'no answer to CONNECT within 0.3 s';
      if (how === 'text') {
        expect(rowOf(stdout, 'FROZEN')).to.include({ reached: 'no', version: '-' });
        expect(stdout).to.contain(`FROZEN: ${note}; something listens`);
        expect(rowOf(stdout, 'OSLO')).to.include({ reached: 'yes', echo: 'yes' });
      } else {
        const { connections } = JSON.parse(stdout);
        expect(connections[1]).to.deep.include({ name: 'FROZEN', reached: false });
        expect(connections[1].note).to.contain(`${note}; something listens`);
      }
    });
  }

  it('writes nothing where it may not, and says so', async () => {
    const client = await TestClient.connect(brokers.OSLO.url);
    await client.subscribe('#', { qos: 0 });
    const { code, stdout } = await command(['check', '--connect'], {
      ...environment,
      MQTTREP_CONTROL_TOPIC: 'off',
    });
    expect(code).to.equal(0);
    expect(rowOf(stdout, 'OSLO')).to.include({ reached: 'yes', QoS: '1', retained: '-', echo: '-' });
    expect(stdout).to.contain('OSLO: nothing was written, since control topics are off');
    expect(client.messages).to.deep.equal([]);
    await client.end();
  });

  for (const protocolVersion of [4, 5] as const) {
    const protocol = protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1';

    it(`connects with a will as run does over ${protocol}, and without where the broker hangs up on it`, async () => {
      const wills: (string | undefined)[] = [];
      const relay = await PacketRelay.before(brokers.OSLO.port, {
        level: protocolVersion,
        fromClient: bytes => {
          if (typeOf(bytes) !== CONNECT) return bytes;
          const { will } = connectOf(bytes);
          wills.push(will?.topic);
          return will === undefined ? bytes : 'hang-up';
        },
      });
      const config = JSON.stringify({ protocolVersion });
      const { code, stdout } = await command(
        ['check', '--connect'],
        environmentOf({ STRICT: relay }, { MQTTREP_CONFIG_STRICT: config }),
      );
      await relay.close();
      expect(code).to.equal(0);
      expect(rowOf(stdout, 'STRICT')).to.include({ reached: 'yes', version: protocol, echo: 'yes' });
      expect(wills[0]).to.match(/^mqttrep\/check-[\w-]+\/check\/STRICT\/will$/);
      expect(wills.at(-1)).to.equal(undefined);
      expect(await controlTopicsAt(brokers.OSLO.url)).to.deep.equal([]);
    });
  }
});
