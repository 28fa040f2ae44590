/** Advice names the place where the user wrote the settings of a broker. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../lib/cli/load-config.ts';
import { sourceOf } from '../../lib/cli/source.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { command } from './command.ts';
import { patience } from './replication-fixture.ts';

function fileOf(text: string): string {
  const file = join(tempFolder('places'), 'mqttrep.yaml');
  writeFileSync(file, text);
  return file;
}

describe('The places of a broker', () => {
  const variables = [
    'MQTTREP_CLIENT_oslo',
    'MQTTREP_CONFIG_oslo',
    'MQTTREP_CONFIG_oslo_FILE',
    'MQTTREP_CLIENT_paris',
    'MQTTREP_TOPIC_all',
  ];

  afterEach(() => {
    for (const variable of variables) delete process.env[variable];
  });

  interface Place {
    readonly title: string;
    readonly file?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly broker?: string;
    readonly places: { readonly url: string; readonly options: string; readonly account: string };
  }

  const PARIS = 'paris: mqtt://paris.example';
  const OSLO = 'mqtt://oslo.example';
  const optionsFile = join(tempFolder('places'), 'oslo.json');
  writeFileSync(optionsFile, '{}');

  const cases: readonly Place[] = [
    {
      title: 'are the variables of a broker from variables',
      env: { MQTTREP_CLIENT_oslo: OSLO, MQTTREP_CLIENT_paris: OSLO, MQTTREP_TOPIC_all: '#' },
      places: {
        url: 'MQTTREP_CLIENT_oslo',
        options: 'MQTTREP_CONFIG_oslo',
        account: 'MQTTREP_CONFIG_oslo or MQTTREP_CLIENT_oslo',
      },
    },
    {
      title: 'are the key of a broker with a URL only',
      file: `{ brokers: { oslo: "${OSLO}", ${PARIS} }, topics: ["#"] }`,
      places: {
        url: 'brokers.oslo in mqttrep.yaml',
        options: 'brokers.oslo in mqttrep.yaml',
        account: 'brokers.oslo in mqttrep.yaml',
      },
    },
    {
      title: 'are the keys of a broker with options',
      file: `{ brokers: { oslo: { url: "${OSLO}", username: duck }, ${PARIS} }, topics: ["#"] }`,
      places: {
        url: 'brokers.oslo.url in mqttrep.yaml',
        options: 'brokers.oslo in mqttrep.yaml',
        account: 'brokers.oslo in mqttrep.yaml',
      },
    },
    {
      title: 'are also the defaults if an option comes from there',
      file: `{ defaults: { username: duck }, brokers: { oslo: "${OSLO}", ${PARIS} }, topics: ["#"] }`,
      places: {
        url: 'brokers.oslo in mqttrep.yaml',
        options: 'brokers.oslo or defaults in mqttrep.yaml',
        account: 'brokers.oslo or defaults in mqttrep.yaml',
      },
    },
    {
      title: 'are the defaults of a broker that is only a name',
      file: `{ defaults: { url: "mqtt://{broker}.example" }, brokers: [oslo, paris], topics: ["#"] }`,
      places: {
        url: 'defaults.url in mqttrep.yaml',
        options: 'defaults in mqttrep.yaml',
        account: 'defaults in mqttrep.yaml',
      },
    },
    {
      title: 'are the variable that wins over the file',
      file: `{ brokers: { oslo: { url: "${OSLO}", username: duck }, ${PARIS} }, topics: ["#"] }`,
      env: { MQTTREP_CONFIG_oslo: '{"username":"goose"}' },
      places: {
        url: 'brokers.oslo.url in mqttrep.yaml',
        options: 'MQTTREP_CONFIG_oslo',
        account: 'MQTTREP_CONFIG_oslo or brokers.oslo.url in mqttrep.yaml',
      },
    },
    {
      title: 'are the variable that names a file with options',
      file: `{ brokers: { oslo: "${OSLO}", ${PARIS} }, topics: ["#"] }`,
      env: { MQTTREP_CONFIG_oslo_FILE: optionsFile },
      places: {
        url: 'brokers.oslo in mqttrep.yaml',
        options: 'MQTTREP_CONFIG_oslo_FILE',
        account: 'MQTTREP_CONFIG_oslo_FILE or brokers.oslo in mqttrep.yaml',
      },
    },
    {
      title: 'are the option of the command line',
      broker: `oslo=${OSLO}`,
      env: { MQTTREP_CLIENT_paris: OSLO, MQTTREP_TOPIC_all: '#' },
      places: {
        url: '--broker oslo',
        options: 'MQTTREP_CONFIG_oslo',
        account: 'MQTTREP_CONFIG_oslo or --broker oslo',
      },
    },
  ];
  for (const { title, file, env = {}, broker, places } of cases) {
    it(title, async () => {
      Object.assign(process.env, env);
      const source = sourceOf({
        config: file === undefined ? undefined : fileOf(file),
        broker: broker === undefined ? [] : [broker],
      });
      if (typeof source === 'string') throw new Error(source);
      const { config, errors } = await loadConfig(source);
      expect(errors).to.deep.equal([]);
      expect(config?.brokers.find(({ name }) => name === 'oslo')?.places).to.deep.equal(places);
    });
  }
});

describe('A mqttrep.yaml without brokers and topics', () => {
  it('gets advice that names its keys, and no variable', async () => {
    const { code, stderr } = await command(['check', '--config', fileOf('store: memory\n')], {});
    expect(code).to.equal(78);
    expect(stderr).to.contain('mqttrep.yaml: no broker is configured; add `brokers`, such as brokers: {');
    expect(stderr).to.contain('mqttrep.yaml: no topic is configured; add `topics`, such as topics: [');
    expect(stderr).not.to.match(/MQTTREP_/);
  });

  it('is said to be without subscriptions, if it has topics that no broker subscribes to', async () => {
    const file = fileOf('{ brokers: { a: mqtt://a, b: mqtt://b }, topics: [{ filter: x, nosub: true }] }');
    const { stderr } = await command(['check', '--config', file], {});
    expect(stderr).to.contain('mqttrep.yaml: no broker subscribes to any topic');
    expect(stderr).to.contain('at least one topic must be subscribed');
  });
});

describe('Advice about a broker that wants a password', function () {
  this.timeout(4 * patience);

  let open: TestBroker;
  let closed: TestBroker;
  let mqttrep: MqttrepProcess | undefined;

  before(async function () {
    requireMosquitto(this);
    open = await startMosquitto();
    const passwords = join(tempFolder('passwords'), 'file');
    writeFileSync(passwords, '', { mode: 0o600 });
    closed = await startMosquitto({ config: ['allow_anonymous false', `password_file ${passwords}`] });
  });

  after(async () => {
    await open?.stop();
    await closed?.stop();
  });

  afterEach(() => mqttrep?.stop());

  const SET = 'set `username` and `password` in';
  const BY_FILE = `${SET} brokers.oslo in mqttrep.yaml`;

  const file = () =>
    fileOf(`brokers:\n  oslo: ${closed.url}\n  paris: ${open.url}\ntopics: ['#']\nstore: memory\n`);

  it('names the key of mqttrep.yaml in mqttrep check --connect', async () => {
    const { stdout, stderr } = await command(['check', '--connect', '--config', file()], {});
    expect(stdout).to.contain(BY_FILE);
    expect(stdout + stderr).not.to.match(/MQTTREP_C/);
  });

  it('names the key of mqttrep.yaml in mqttrep run', async () => {
    mqttrep = startMqttrep({}, ['run', '--config', file()]);
    expect(await mqttrep.line('oslo: cannot connect', patience)).to.contain(`: ${BY_FILE}; retrying`);
    expect(mqttrep.stderr).not.to.match(/MQTTREP_C/);
  });

  it('names the key of mqttrep.yaml for two URLs that lead to one address', async () => {
    const twins = `{ brokers: { oslo: "mqtt://localhost", paris: "mqtt://127.0.0.1" }, topics: ["#"] }`;
    const { stderr } = await command(['check', '--config', fileOf(twins)], {});
    expect(stderr).to.contain('(brokers.paris): it leads to the address of oslo');
  });

  it('names --broker', async () => {
    const brokers = ['--broker', `oslo=${closed.url}`, '--broker', `paris=${open.url}`];
    mqttrep = startMqttrep({ MQTTREP_STORE: 'memory' }, ['run', ...brokers, '--topic', '#']);
    expect(await mqttrep.line('oslo: cannot connect', patience)).to.contain(
      `${SET} MQTTREP_CONFIG_oslo or --broker oslo; retrying`,
    );
  });

  it('names both URLs in mqttrep.yaml if two names lead to one broker', async () => {
    const twins = `brokers:\n  oslo: ${open.url}\n  paris: { url: "${open.url.replace('localhost', '127.0.0.1')}" }\n`;
    mqttrep = startMqttrep({}, ['run', '--config', fileOf(`${twins}topics: ['#']\nstore: memory\n`)]);
    expect(await mqttrep.line('this is the same broker as', patience)).to.contain(
      'correct its URL (brokers.paris.url in mqttrep.yaml or brokers.oslo in mqttrep.yaml)',
    );
    expect(mqttrep.stderr).not.to.match(/MQTTREP_C/);
  });
});
