/** `mqttrep forget` removes what mqttrep has left at its brokers. */

import { expect } from 'chai';
import mqtt from 'mqtt';
import { startWithAcl } from '../support/acl-broker.ts';
import { startAedes } from '../support/aedes-broker.ts';
import { TestClient } from '../support/client.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { type Environment, startMqttrep } from '../support/mqttrep-process.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { command, environmentOf } from './command.ts';

/** The retained topics below `mqttrep`. */
async function controlTopicsOf(url: string): Promise<string[]> {
  const client = await TestClient.connect(url);
  await client.publish('$sentinel/forget', 'the end', { retain: true });
  await client.subscribe(['mqttrep/#', '$sentinel/forget'], { qos: 0 });
  await client.waitFor(({ topic }) => topic === '$sentinel/forget', 15_000);
  const topics = client.messages.map(({ topic }) => topic).filter(topic => topic.startsWith('mqttrep/'));
  await client.end();
  return topics;
}

/** Whether the broker keeps a session for the client id. */
async function hasSession(url: string, clientId: string): Promise<boolean> {
  const client = mqtt.connect(url, { clientId, clean: false, reconnectPeriod: 0 });
  const isPresent = await new Promise<boolean>((resolve, reject) => {
    client.once('connect', ({ sessionPresent }) => resolve(sessionPresent));
    client.once('error', reject);
  });
  await client.endAsync();
  return isPresent;
}

describe('mqttrep forget', function () {
  this.timeout(60_000);

  let brokers: Record<string, TestBroker>;
  let environment: Environment;

  beforeEach(async () => {
    brokers = { OSLO: await startAedes(), PARIS: await startAedes() };
    environment = environmentOf(brokers, {
      MQTTREP_STORE: tempFolder('store'),
      MQTTREP_MERGE_FREQUENCY: '20',
      MQTTREP_STATE_TOPICS: 'true',
    });
  });

  afterEach(() => Promise.all(Object.values(brokers).map(broker => broker.stop())));

  /** Runs mqttrep until each broker has its marker. */
  async function replicateOnce(): Promise<void> {
    const mqttrep = startMqttrep(environment);
    await mqttrep.line('first contact is complete', 20_000);
    await mqttrep.stop();
    for (const { url } of Object.values(brokers)) expect(await controlTopicsOf(url)).to.have.length.above(1);
  }

  async function retain(broker: TestBroker | undefined, topic: string): Promise<void> {
    const client = await TestClient.connect(broker?.url ?? '');
    await client.publish(topic, 'x', { retain: true });
    await client.end();
  }

  const left = (name: string) => controlTopicsOf(brokers[name]?.url ?? '');

  it('removes the control topics and state topics of its store at all brokers, and nothing else', async () => {
    await replicateOnce();
    await retain(brokers['OSLO'], 'mqttrep/other/marker/OSLO');
    await retain(brokers['OSLO'], 'canards/name');
    const { code, stdout } = await command(['forget'], environment);
    expect(stdout).to.match(/^OSLO: \d+ control topics removed\nPARIS: \d+ control topics removed\n$/);
    expect(code).to.equal(0);
    expect(await left('OSLO')).to.deep.equal(['mqttrep/other/marker/OSLO']);
    expect(await left('PARIS')).to.deep.equal([]);
    expect([...(await retainedOf(brokers['OSLO']?.url ?? '', 'canards/#')).keys()]).to.deep.equal([
      'canards/name',
    ]);
  });

  it('removes them at one broker only if it is named', async () => {
    await replicateOnce();
    const { code, stdout } = await command(['forget', 'PARIS'], environment);
    expect(stdout).to.match(/^PARIS: \d+ control topics removed\n$/);
    expect(code).to.equal(0);
    expect(await left('PARIS')).to.deep.equal([]);
    expect(await left('OSLO')).to.have.length.above(1);
  });

  it('removes the session in which a broker keeps events for mqttrep', async () => {
    environment = {
      ...environment,
      MQTTREP_TOPIC_events: 'commands/#',
      MQTTREP_MODE_events: 'event',
      MQTTREP_CONFIG_PARIS: JSON.stringify({ clientId: 'rep' }),
    };
    await replicateOnce();
    expect(await hasSession(brokers['PARIS']?.url ?? '', 'rep_events')).to.equal(true);
    const { code, stdout } = await command(['forget', 'PARIS'], environment);
    expect(stdout).to.match(/^PARIS: \d+ control topics removed, and the session for events\n$/);
    expect(code).to.equal(0);
    expect(await hasSession(brokers['PARIS']?.url ?? '', 'rep_events')).to.equal(false);
  });

  it('removes those of every mqttrep with --all, also without a store', async () => {
    await retain(brokers['OSLO'], 'mqttrep/other/marker/OSLO');
    await retain(brokers['OSLO'], 'homeassistant/device/mqttrep_other/config');
    await retain(brokers['OSLO'], 'homeassistant/device/lamp/config');
    const without = await command(['forget'], environment);
    expect(without.code).to.equal(1);
    expect(without.stderr).to.contain('there is no store').and.contain('--all');
    const { code, stdout } = await command(['forget', '--all', '--json'], environment);
    expect(code).to.equal(0);
    const { brokers: results } = JSON.parse(stdout);
    results[0].removed.sort().reverse();
    expect({ brokers: results }).to.deep.equal({
      brokers: [
        {
          name: 'OSLO',
          removed: ['mqttrep/other/marker/OSLO', 'homeassistant/device/mqttrep_other/config'],
          left: [],
        },
        { name: 'PARIS', removed: [], left: [] },
      ],
    });
    expect(await left('OSLO')).to.deep.equal([]);
    const kept = await retainedOf(brokers['OSLO']?.url ?? '', 'homeassistant/#');
    expect([...kept.keys()]).to.deep.equal(['homeassistant/device/lamp/config']);
  });

  it('does nothing while mqttrep runs', async () => {
    const mqttrep = startMqttrep(environment);
    await mqttrep.line('first contact is complete', 20_000);
    const { code, stderr } = await command(['forget'], environment);
    expect(code).to.equal(1);
    expect(stderr).to.contain('stop it first');
    await mqttrep.stop();
    expect(await left('OSLO')).to.have.length.above(1);
  });

  it('says which broker is not known, or not reached', async () => {
    await replicateOnce();
    const unknown = await command(['forget', 'LIMA'], environment);
    expect(unknown.code).to.equal(64);
    expect(unknown.stderr).to.contain("there is no broker 'LIMA'; the configuration has OSLO, PARIS");
    await brokers['PARIS']?.stop();
    const { code, stdout } = await command(['forget'], environment);
    expect(code).to.equal(69);
    expect(stdout).to.match(/OSLO: \d+ control topics removed\nPARIS: .+/);
  });

  it('says what a broker still retains where mqttrep may not write', async function () {
    requireMosquitto(this);
    const { broker } = await startWithAcl(['read #']);
    await retain(broker, 'mqttrep/other/marker/OSLO');
    const limited = environmentOf(
      { OSLO: broker, PARIS: brokers['PARIS'] as TestBroker },
      { MQTTREP_CONFIG_OSLO: '{"username":"rep","protocolVersion":4}' },
    );
    const { code, stdout } = await command(['forget', 'OSLO', '--all'], limited);
    expect(stdout).to.contain('the broker still retains 1 control topic (such as mqttrep/other/marker/OSLO)');
    expect(code).to.equal(1);
    await broker.stop();
  });
});
