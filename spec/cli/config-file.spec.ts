/** `--config FILE`, `--watch-config`, and a configuration on the command line alone. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestClient } from '../support/client.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { type Environment, type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { command } from './command.ts';
import { patience } from './replication-fixture.ts';

describe('A configuration', function () {
  this.timeout(4 * patience);

  let brokers: { oslo: TestBroker; paris: TestBroker };
  let mqttrep: MqttrepProcess | undefined;
  let clients: TestClient[];
  let file: string;

  before(async function () {
    requireMosquitto(this);
    brokers = { oslo: await startMosquitto(), paris: await startMosquitto() };
  });

  after(async () => {
    for (const broker of Object.values(brokers)) await broker.stop();
  });

  beforeEach(() => {
    clients = [];
    file = join(tempFolder('config-file'), 'mqttrep.yaml');
  });

  afterEach(async () => {
    await Promise.all(clients.map(client => client.destroy()));
    await mqttrep?.stop();
  });

  const write = (topics: string, more = '') =>
    writeFileSync(
      file,
      `brokers:\n  oslo: \${OSLO_URL}\n  paris: ${brokers.paris.url}\ntopics: ${topics}\nmergeFrequency: 50\n${more}`,
    );

  const environment = (): Environment => ({ OSLO_URL: brokers.oslo.url });

  async function start(
    args: readonly string[],
    variables: Environment = environment(),
  ): Promise<MqttrepProcess> {
    const started = startMqttrep(variables, args);
    mqttrep = started;
    await started.line('oslo: connected with', patience);
    await started.line('paris: connected with', patience);
    return started;
  }

  async function expectReplicated(topic: string): Promise<void> {
    const [oslo, paris] = await Promise.all(
      Object.values(brokers).map(({ url }) => TestClient.connect(url, { protocolVersion: 5 })),
    );
    if (oslo === undefined || paris === undefined) throw new Error('unreachable');
    clients.push(oslo, paris);
    await paris.subscribe(topic, { qos: 1 });
    await oslo.publish(topic, 'quack', { retain: true });
    await paris.waitFor(message => message.topic === topic, patience);
  }

  it('can be a file', async () => {
    write('[a/#]');
    await start(['run', '--config', file]);
    await expectReplicated('a/file');
  });

  it('can be the command line alone', async () => {
    const args = Object.entries(brokers).flatMap(([name, { url }]) => ['--broker', `${name}=${url}`]);
    await start(['run', ...args, '--topic', 'b/#', '--topic', 'c'], { MQTTREP_MERGE_FREQUENCY: '50' });
    await expectReplicated('b/line');
    await expectReplicated('c');
  });

  it('in a file is read again at SIGHUP', async () => {
    write('[a/#]');
    const running = await start(['run', '--config', file]);
    write('[a/#, d/#]');
    running.kill('SIGHUP');
    await running.line('the new configuration is in force', patience);
    await expectReplicated('d/reload');
  });

  it('in a file is read again by itself with --watch-config, and kept while the file has errors', async () => {
    write('[a/#]');
    const running = await start(['run', '--config', file, '--watch-config']);
    write('[a/#, e/+/f#]');
    await running.line('mqttrep.yaml:4:15 (topics.1): "e/+/f#" is not a topic filter', patience);
    await running.line('the new configuration has errors; mqttrep keeps the old one', patience);
    write('[a/#, e/#, e2/#]');
    await running.line('the new configuration is in force', patience);
    await expectReplicated('e/watch');
  });

  it('in the environment wins over a file, and the command line over both', async () => {
    write('{ one: a, two: b, three: c }');
    const variables = {
      ...environment(),
      MQTTREP_TOPIC_one: 'f',
      MQTTREP_CLIENT_oslo: 'mqtt://other.example',
    };
    const args = ['config', '--config', file, '--broker', 'oslo=mqtt://line.example', '--json'];
    const { stdout } = await command(args, variables);
    const { brokers: found, topics } = JSON.parse(stdout) as {
      brokers: { url: string }[];
      topics: { filter: string }[];
    };
    expect(topics.map(({ filter }) => filter)).to.deep.equal(['f', 'c', 'b']);
    expect(found[0]?.url).to.equal('mqtt://line.example');
  });

  it('names the variable, the option or the place in the file for each error', async () => {
    write('{ one: a+ }');
    const variables = { ...environment(), MQTTREP_TOPIC_two: 'b+' };
    const { code, stderr } = await command(
      ['check', '--config', file, '--broker', 'rome=rome', '--topic', 'c+'],
      variables,
    );
    expect(code).to.equal(78);
    expect(stderr).to.contain('error:   mqttrep.yaml:4:11 (topics.one): "a+" is not a topic filter');
    expect(stderr).to.contain('error:   MQTTREP_TOPIC_two: "b+" is not a topic filter');
    expect(stderr).to.contain('error:   --broker rome: *** does not begin with mqtt://');
    expect(stderr).to.contain('error:   --topic: "c+" is not a topic filter');
  });

  it('as variables becomes a file that says the same', async () => {
    const variables = {
      MQTTREP_CLIENT_oslo: brokers.oslo.url,
      MQTTREP_CLIENT_paris: brokers.paris.url,
      MQTTREP_CONFIG_oslo: '{"username":"duck"}',
      MQTTREP_TOPIC_all: '#',
      MQTTREP_STORE: 'memory',
    };
    const written = await command(['config', '--yaml'], variables);
    writeFileSync(file, written.stdout);
    const [before, after] = [
      await command(['config', '--json'], variables),
      await command(['config', '--json', '--config', file], { OSLO_USERNAME: 'duck' }),
    ];
    expect(after.stderr).to.equal('');
    expect(JSON.parse(after.stdout)).to.deep.equal(JSON.parse(before.stdout));
  });

  const wrong: readonly (readonly [args: readonly string[], words: string])[] = [
    [
      ['run', '--config', '/nowhere.yaml'],
      "--config: ENOENT: no such file or directory, open '/nowhere.yaml'",
    ],
    [['run', '--broker', 'oslo'], '--broker needs a name and a URL'],
    [['run', '--broker', 'a=b', '--broker', 'a=c'], '--broker a is given twice'],
    [['run', '--watch-config'], '--watch-config needs --config or --env-file'],
  ];
  for (const [args, words] of wrong) {
    it(`is refused: mqttrep ${args.join(' ')}`, async () => {
      const { code, stderr } = await command(args, {});
      expect(code).to.be.oneOf([64, 78]);
      expect(stderr).to.contain(words);
    });
  }
});
