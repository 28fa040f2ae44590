/** SIGHUP: a running mqttrep takes another configuration over, and leaves alone what that does not change. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestClient } from '../support/client.ts';
import { expectEqualBrokers } from '../support/equal.ts';
import { eventually } from '../support/eventually.ts';
import { requireMosquitto } from '../support/mosquitto.ts';
import { type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { mosquittos, patience } from './replication-fixture.ts';

type Site = 'OSLO' | 'PARIS' | 'QUEBEC';
type Variables = Readonly<Record<string, string>>;

const inForce = 'the new configuration is in force';

describe('mqttrep, at SIGHUP,', function () {
  this.timeout(6 * patience);

  let brokers: Record<Site, TestBroker>;
  let clients: TestClient[];
  let folder: string;
  let mqttrep: MqttrepProcess;

  before(function () {
    requireMosquitto(this);
  });

  beforeEach(async () => {
    clients = [];
    folder = tempFolder('reload');
    brokers = await mosquittos(['OSLO', 'PARIS', 'QUEBEC']);
  });

  afterEach(async () => {
    await Promise.all(clients.map(client => client.destroy()));
    await mqttrep?.stop();
    await Promise.all(Object.values(brokers).map(broker => broker.stop()));
  });

  const file = () => join(folder, 'mqttrep.env');

  function write(variables: Variables): void {
    const all = { MQTTREP_MERGE_FREQUENCY: '50', ...variables };
    writeFileSync(
      file(),
      Object.entries(all)
        .map(([name, value]) => `${name}='${value}'\n`)
        .join(''),
    );
  }

  const between = (...sites: Site[]): Variables =>
    Object.fromEntries(sites.map(site => [`MQTTREP_CLIENT_${site}`, brokers[site].url]));

  async function start(variables: Variables, ...sites: Site[]): Promise<void> {
    write({ ...between(...sites), ...variables });
    mqttrep = startMqttrep({}, ['run', '--env-file', file()]);
    await Promise.all(sites.map(site => mqttrep.line(`${site}: connected with`, patience)));
  }

  /** Resolves with what mqttrep says from the signal to the line that ends the reload. */
  async function reload(variables: Variables, end = inForce): Promise<string> {
    write(variables);
    const before = mqttrep.stderr.length;
    mqttrep.kill('SIGHUP');
    const said = () => mqttrep.stderr.slice(before);
    await eventually(() => expect(said()).to.contain(end), { within: patience });
    return said();
  }

  async function client(site: Site): Promise<TestClient> {
    const connected = await TestClient.connect(brokers[site].url, { protocolVersion: 5 });
    clients.push(connected);
    return connected;
  }

  async function retain(site: Site, topic: string, payload: string): Promise<void> {
    await (await client(site)).publish(topic, payload, { retain: true });
  }

  const retained = (site: Site, topic: string, payload: string | undefined) =>
    eventually(
      async () => expect((await retainedOf(brokers[site].url, topic)).get(topic)).to.equal(payload),
      { within: patience },
    );

  /** How often mqttrep has connected to a broker, its probes apart, as mosquitto says. */
  const connects = (site: Site) =>
    brokers[site]
      .log()
      .split('\n')
      .filter(line => /New client connected .* as \S+_mqttreplicator_/.test(line) && !line.includes('_probe'))
      .length;

  /** And how often it has gone again. */
  const losses = (site: Site) =>
    brokers[site]
      .log()
      .split('\n')
      .filter(
        line => /Client \S+_mqttreplicator_\S+ (disconnected|closed)/.test(line) && !line.includes('_probe'),
      ).length;

  const untouched = (...sites: Site[]) => {
    for (const site of sites) {
      expect([site, connects(site), losses(site)]).to.deep.equal([site, 1, 0]);
    }
  };

  it('adds a broker, which gets what the others retain, and gives what it retains', async () => {
    await start({ MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS');
    await retain('OSLO', 'old/oslo', 'x');
    await retained('PARIS', 'old/oslo', 'x');
    await retain('QUEBEC', 'old/quebec', 'y');
    const said = await reload({ ...between('OSLO', 'PARIS', 'QUEBEC'), MQTTREP_TOPIC_all: '#' });
    expect(said).to.contain(`broker QUEBEC is added: ${brokers.QUEBEC.url}`);
    await retained('QUEBEC', 'old/oslo', 'x');
    await retained('PARIS', 'old/quebec', 'y');
    await retain('QUEBEC', 'new', 'z');
    await retained('OSLO', 'new', 'z');
    await retained('PARIS', 'new', 'z');
    untouched('OSLO', 'PARIS', 'QUEBEC');
  });

  it('removes a broker, and compares with it when it is added again', async () => {
    await start({ MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS', 'QUEBEC');
    for (const topic of ['kept', 'deleted', 'changed']) await retain('OSLO', topic, '1');
    for (const topic of ['kept', 'deleted', 'changed']) await retained('QUEBEC', topic, '1');
    const said = await reload({ ...between('OSLO', 'PARIS'), MQTTREP_TOPIC_all: '#' });
    expect(said).to.contain('broker QUEBEC is removed');
    expect(losses('QUEBEC')).to.equal(1);

    await (await client('OSLO')).deleteRetained('deleted');
    await retain('QUEBEC', 'changed', '2');
    await retained('PARIS', 'deleted', undefined);
    expect((await retainedOf(brokers.QUEBEC.url, '#')).get('deleted')).to.equal('1');

    await reload({ ...between('OSLO', 'PARIS', 'QUEBEC'), MQTTREP_TOPIC_all: '#' });
    await retained('QUEBEC', 'deleted', undefined);
    await retained('OSLO', 'changed', '2');
    await retained('QUEBEC', 'kept', '1');
    untouched('OSLO', 'PARIS');
  });

  it('reconnects to a broker whose options changed, and to no other', async () => {
    await start({ MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS');
    const said = await reload({
      ...between('OSLO', 'PARIS'),
      MQTTREP_CONFIG_PARIS: '{"keepalive":30,"username":"s3cret"}',
      MQTTREP_TOPIC_all: '#',
    });
    expect(said).to.contain('broker PARIS is changed: keepalive unset → 30, username unset → ***');
    await eventually(() => expect(connects('PARIS')).to.equal(2), { within: patience });
    await retain('PARIS', 'after', 'x');
    await retained('OSLO', 'after', 'x');
    untouched('OSLO');
  });

  it('adds and removes topics on the connections that stand', async () => {
    await retain('OSLO', 'geese/old', '1');
    await start({ MQTTREP_TOPIC_ducks: 'ducks/#' }, 'OSLO', 'PARIS');
    await retain('OSLO', 'ducks/old', '1');
    await retained('PARIS', 'ducks/old', '1');

    const said = await reload({ ...between('OSLO', 'PARIS'), MQTTREP_TOPIC_geese: 'geese/#' });
    expect(said).to.contain('topic ducks is removed').and.contain('topic geese is added: geese/#');
    await retained('PARIS', 'geese/old', '1');
    await retain('PARIS', 'ducks/new', '1');
    await retain('PARIS', 'geese/new', '1');
    await retained('OSLO', 'geese/new', '1');
    expect([...(await retainedOf(brokers.OSLO.url, 'ducks/#')).keys()]).to.deep.equal(['ducks/old']);

    await reload({
      ...between('OSLO', 'PARIS'),
      MQTTREP_TOPIC_geese: 'geese/#',
      MQTTREP_TOPIC_ducks: 'ducks/#',
    });
    await retained('OSLO', 'ducks/new', '1');
    untouched('OSLO', 'PARIS');
  });

  for (const site of ['OSLO', 'PARIS'] as const) {
    it(`takes what is retained under an added topic as at a first contact: the priority of ${site} decides`, async () => {
      const sites = { ...between('OSLO', 'PARIS'), [`MQTTREP_CONFIG_${site}`]: '{"priority":1}' };
      await start({ ...sites, MQTTREP_TOPIC_ducks: 'ducks/#' }, 'OSLO', 'PARIS');
      await retain('OSLO', 'geese/name', 'OSLO');
      await retain('PARIS', 'geese/name', 'PARIS');
      await reload({ ...sites, MQTTREP_TOPIC_all: '#' });
      await eventually(() => expectEqualBrokers([brokers.OSLO.url, brokers.PARIS.url]), { within: patience });
      await retained('OSLO', 'geese/name', site);
      untouched('OSLO', 'PARIS');
    });
  }

  it('applies other settings of a topic', async () => {
    await start({ MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS');
    const said = await reload({
      ...between('OSLO', 'PARIS'),
      MQTTREP_TOPIC_all: '#',
      MQTTREP_TOPIC_ducks: 'ducks/#',
      MQTTREP_RETAIN_ducks: 'true',
      MQTTREP_MERGE_all: 'json:serial',
      MQTTREP_PUBLISH_BLACKLIST_all: 'OSLO',
      MQTTREP_MERGE_FREQUENCY: '25',
      MQTTREP_LOG_LEVEL: 'debug',
    });
    expect(said)
      .to.contain('topic ducks is added: ducks/#')
      .and.contain('topic all is changed: MERGE unset → json:serial,arrival, published to OSLO PARIS → PARIS')
      .and.contain('MQTTREP_MERGE_FREQUENCY 50 Hz → 25 Hz')
      .and.contain('MQTTREP_LOG_LEVEL info → debug');
    await (await client('OSLO')).publish('ducks/passing', 'x');
    await retained('PARIS', 'ducks/passing', 'x');
    await retain('OSLO', 'serial', '{"serial":2}');
    await retained('PARIS', 'serial', '{"serial":2}');
    await retain('PARIS', 'serial', '{"serial":1}');
    await retained('PARIS', 'serial', '{"serial":2}');
    untouched('OSLO', 'PARIS');
  });

  it('refuses a configuration with errors whole, tells all of them, and goes on', async () => {
    await start({ MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS');
    const said = await reload(
      {
        ...between('PARIS'),
        MQTTREP_CLIENT_QUEBEC: 'amqp://quebec',
        MQTTREP_TOPIC_all: '#',
        MQTTREP_QOS_all: '3',
      },
      'mqttrep keeps the old one',
    );
    expect(said).to.contain('MQTTREP_CLIENT_QUEBEC').and.contain('MQTTREP_QOS_all');
    await retain('OSLO', 'after', 'x');
    await retained('PARIS', 'after', 'x');
    untouched('OSLO', 'PARIS');
  });

  it('says what takes a restart, and leaves it', async () => {
    await start({ MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS');
    const said = await reload(
      {
        ...between('OSLO', 'PARIS'),
        MQTTREP_TOPIC_all: '#',
        MQTTREP_STORE: 'memory',
        MQTTREP_CONTROL_TOPIC: 'elsewhere',
      },
      'nothing to apply',
    );
    for (const variable of ['MQTTREP_STORE', 'MQTTREP_CONTROL_TOPIC']) {
      expect(said).to.contain(`a change of ${variable} takes effect only at the next start`);
    }
    untouched('OSLO', 'PARIS');
  });

  for (const protocolVersion of [4, 5]) {
    it(`loses nothing that is written meanwhile, with protocol version ${protocolVersion}`, async () => {
      const options = JSON.stringify({ protocolVersion });
      const alike = (...sites: Site[]): Variables => ({
        ...between(...sites),
        ...Object.fromEntries(sites.map(site => [`MQTTREP_CONFIG_${site}`, options])),
      });
      await start({ ...alike('OSLO', 'PARIS'), MQTTREP_TOPIC_all: '#' }, 'OSLO', 'PARIS');
      const [oslo, paris] = [await client('OSLO'), await client('PARIS')];
      let isWriting = true;
      const writing = (async () => {
        for (let index = 0; isWriting; index++) {
          await oslo.publish(`t/${index % 50}`, `o${index}`, { retain: true });
          await paris.publish(`t/${(index * 7) % 50}`, `p${index}`, { retain: true });
        }
      })();
      await reload({ ...alike('OSLO', 'PARIS'), MQTTREP_TOPIC_t: 't/#' });
      await reload({ ...alike('OSLO', 'PARIS', 'QUEBEC'), MQTTREP_TOPIC_t: 't/#' });
      await reload({ ...alike('OSLO', 'PARIS', 'QUEBEC'), MQTTREP_TOPIC_all: '#', MQTTREP_QOS_all: '0' });
      await reload({ ...alike('OSLO', 'PARIS'), MQTTREP_TOPIC_all: '#' });
      isWriting = false;
      await writing;
      await retain('OSLO', 'last', 'x');
      await retained('PARIS', 'last', 'x');
      await eventually(() => expectEqualBrokers([brokers.OSLO.url, brokers.PARIS.url]), { within: patience });
      untouched('OSLO', 'PARIS');
      expect(mqttrep.stderr).to.not.contain('crashed');
    });
  }
});
