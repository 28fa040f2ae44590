/** What a user hears of a right that the account of mqttrep lacks, and which setting fixes it. */

import { expect } from 'chai';

import { startWithAcl } from '../support/acl-broker.ts';
import { startAedes } from '../support/aedes-broker.ts';
import { TestClient } from '../support/client.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { command, environmentOf } from './command.ts';

describe('A missing right is named with its fix:', function () {
  this.timeout(90_000);

  it('a filter that the account may not subscribe to', async () => {
    const brokers = { OSLO: await startAedes(), PARIS: await startAedes({ refusesFilter: 'secret/#' }) };
    const environment = environmentOf(brokers, { MQTTREP_TOPIC_all: 'secret/#' });
    const { code, stdout } = await command(['check', '--connect'], environment);
    expect(code).to.equal(1);
    const told = 'PARIS: the broker refuses the subscription to "secret/#"';
    expect(stdout).to.contain(`${told}: permit the account of mqttrep to read it`);
    const mqttrep = startMqttrep(environment);
    expect(await mqttrep.line(told)).to.contain('permit the account of mqttrep to read it');
    await mqttrep.stop();
    for (const broker of Object.values(brokers)) await broker.stop();
  });

  it('a topic that the account may not write, live and with check --connect --write-probe', async function () {
    requireMosquitto(this);
    const { broker } = await startWithAcl(['readwrite open/#', 'read #', 'readwrite mqttrep/#']);
    const brokers = { OSLO: await startMosquitto(), PARIS: broker };
    const environment = environmentOf(brokers, {
      MQTTREP_TOPIC_all: 'closed/#',
      MQTTREP_TOPIC_open: 'open/+',
      MQTTREP_TOPIC_one: 'one/topic',
      MQTTREP_CONFIG_PARIS: '{"username":"rep"}',
    });
    const without = await command(['check', '--connect'], environment);
    expect(without.stdout).to.contain('was not tested: --write-probe does');
    expect(without.code).to.equal(0);
    const { code, stdout } = await command(['check', '--connect', '--write-probe'], environment);
    expect(code).to.equal(1);
    expect(stdout)
      .to.match(/PARIS: may not write under "closed\/#" \(.*Not authorized\): permit the account/)
      .and.contain('PARIS: may write and read under "open/+"')
      .and.contain('OSLO: may write and read under "closed/#"')
      .and.contain('PARIS: writing to "one/topic" was not tested: it is a single topic')
      .and.not.contain('was not tested: --write-probe does');
    const client = await TestClient.connect(brokers.OSLO.url);
    await client.publish('closed/door', 'x', { retain: true });
    const mqttrep = startMqttrep(environment);
    expect(await mqttrep.line('PARIS: the broker does not take "closed/door"', 30_000)).to.contain(
      'permit the account of mqttrep to write it',
    );
    await mqttrep.stop();
    await client.end();
    for (const one of Object.values(brokers)) await one.stop();
  });

  it('the control topics, and then check --connect does not say that the broker retains nothing', async function () {
    requireMosquitto(this);
    const { broker } = await startWithAcl(['read #']);
    const environment = environmentOf(
      { PARIS: broker },
      { MQTTREP_TOPIC_all: 'a/#', MQTTREP_CONFIG_PARIS: '{"username":"rep"}' },
    );
    const { stdout } = await command(['check', '--connect', '--json'], environment);
    const [finding] = JSON.parse(stdout).connections;
    expect(finding).to.include({ echo: false, retained: null });
    expect(finding.note).to.contain(
      'permit the account of mqttrep to write and read under MQTTREP_CONTROL_TOPIC',
    );
    await broker.stop();
  });

  it('a write probe that does not come back over MQTT 3.1.1', async function () {
    requireMosquitto(this);
    const { broker } = await startWithAcl(['read #', 'readwrite mqttrep/#']);
    const environment = environmentOf(
      { OSLO: broker },
      { MQTTREP_TOPIC_all: 'closed/#', MQTTREP_CONFIG_OSLO: '{"username":"rep","protocolVersion":4}' },
    );
    const { stdout } = await command(['check', '--connect', '--write-probe'], environment);
    expect(stdout).to.contain(
      'OSLO: may not write, or not read, under "closed/#" (the message did not come back)',
    );
    await broker.stop();
  });

  it('none where mqttrep only writes, and the account may only write', async function () {
    requireMosquitto(this);
    const { broker } = await startWithAcl(['write home/#', 'readwrite mqttrep/#']);
    const source = await startAedes();
    const environment = environmentOf(
      { SOURCE: source, OSLO: broker, OLD: broker },
      {
        MQTTREP_TOPIC_all: 'home/#',
        MQTTREP_TOPIC_shut: 'shut/#',
        MQTTREP_SUBSCRIBE_WHITELIST_all: 'SOURCE',
        MQTTREP_SUBSCRIBE_WHITELIST_shut: 'SOURCE',
        MQTTREP_CONFIG_OSLO: '{"username":"rep"}',
        MQTTREP_CONFIG_OLD: '{"username":"rep","protocolVersion":4}',
      },
    );
    const { stdout } = await command(['check', '--connect', '--write-probe'], environment);
    expect(stdout)
      .to.contain('OSLO: may write under "home/#", and does not read there')
      .and.match(/OSLO: may not write under "shut\/#" \(.*Not authorized\)/)
      .and.contain(
        'OLD: writing to "home/#" was not tested: it is not subscribed to, and MQTT 3.1.1 does not',
      )
      .and.not.contain('may not write, or not read');
    await source.stop();
    await broker.stop();
  });

  it('a client id that another client uses over MQTT 3.1.1', async function () {
    requireMosquitto(this);
    const oslo = await startMosquitto();
    const environment = environmentOf(
      { OSLO: oslo, PARIS: await startAedes() },
      { MQTTREP_CONFIG_OSLO: '{"clientId":"twin","protocolVersion":4,"reconnectPeriod":200}' },
    );
    const mqttrep = startMqttrep(environment);
    let isOver = false;
    const taken = (async () => {
      while (!isOver) {
        await mqttrep.line('OSLO: connected with').catch(() => undefined);
        const twin = await TestClient.connect(oslo.url, { clientId: 'twin' }).catch(() => undefined);
        await new Promise(resolve => setTimeout(resolve, 400));
        await twin?.destroy();
      }
    })();
    expect(await mqttrep.line(/OSLO: connection lost .*client id twin/, 60_000)).to.contain(
      '`clientId` in MQTTREP_CONFIG_OSLO',
    );
    isOver = true;
    await mqttrep.stop();
    await taken;
    await oslo.stop();
  });
});
