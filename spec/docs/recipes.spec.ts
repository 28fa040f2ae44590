/** The recipes are valid configurations, and do what they say: tried with real brokers. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseEnvFile } from '../../lib/config/env-file.ts';
import { readConfig } from '../../lib/config/read-config.ts';
import { command, environmentOf } from '../cli/command.ts';
import { certificates, requireOpenssl } from '../support/certificates.ts';
import { TestClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { startMqttrep } from '../support/mqttrep-process.ts';
import { retainedOf } from '../support/retained-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { jwt } from '../support/tokens.ts';

const FOLDER = join(import.meta.dirname, '../../../docs/recipes');

/** Fenced blocks of this language. */
function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, block = '']) => block,
  );
}

interface Recipe {
  readonly title: string;
  readonly environment: Record<string, string>;
}

/** Each section with brokers is a recipe; blocks without `MQTTREP_` are commands. */
const recipes: readonly Recipe[] = readdirSync(FOLDER).flatMap(file =>
  readFileSync(join(FOLDER, file), 'utf8')
    .split(/^## /m)
    .map(section => {
      const lines = blocksOf(section, 'sh').filter(block => block.includes('MQTTREP_'));
      const [heading = ''] = section.split('\n');
      return { title: `${file}: ${heading.replace(/^# /, '')}`, environment: parseEnvFile(lines.join('\n')) };
    })
    .filter(({ environment }) => Object.keys(environment).some(name => name.startsWith('MQTTREP_CLIENT_'))),
);

const recipe = (title: string) => {
  const found = recipes.find(one => one.title.includes(title));
  if (found === undefined) throw new Error(`there is no recipe ${title}`);
  return found;
};

describe('docs/recipes', function () {
  this.timeout(90_000);

  it('are at least six', () => expect(recipes).to.have.length.of.at.least(6));

  it('say where their settings go, since a shell does not pass on what was not exported', () => {
    for (const file of readdirSync(FOLDER)) {
      const text = readFileSync(join(FOLDER, file), 'utf8');
      if (blocksOf(text, 'sh').some(block => block.includes('MQTTREP_CLIENT_')))
        expect(text, file).to.include('`mqttrep --env-file mqttrep.env`');
    }
  });

  for (const { title, environment } of recipes) {
    it(`is a configuration without an error or a warning: ${title}`, function () {
      requireOpenssl(this);
      const files = certificates();
      const readFile = (path: string) => {
        if (path.endsWith('.json')) return '{"username":"gateway"}';
        if (path.endsWith('token')) return jwt({ exp: 3600 });
        const file = path.endsWith('ca.pem')
          ? files.ca
          : path.endsWith('.key')
            ? files.client.key
            : files.client.cert;
        return readFileSync(file, 'utf8');
      };
      const result = readConfig(environment, readFile);
      const errors = result.ok ? [] : result.errors;
      expect({ errors, warnings: result.warnings }).to.deep.equal({ errors: [], warnings: [] });
    });
  }

  it('keep two Zigbee2MQTTs apart, and carry a command to the right house', async function () {
    requireMosquitto(this);
    const [home, cabin] = [await startMosquitto(), await startMosquitto()];
    const mqttrep = startMqttrep({
      ...recipe('Two houses').environment,
      MQTTREP_CLIENT_HOME: home.url,
      MQTTREP_CLIENT_CABIN: cabin.url,
      MQTTREP_MERGE_FREQUENCY: '20',
    });
    await mqttrep.line('HOME: connected');
    await mqttrep.line('CABIN: connected');
    const [atHome, atCabin] = [await TestClient.connect(home.url), await TestClient.connect(cabin.url)];
    try {
      await atHome.publish('zigbee2mqtt/bridge/state', 'of home', { retain: true });
      await atCabin.publish('zigbee2mqtt/bridge/state', 'of cabin', { retain: true });
      await atCabin.subscribe('zigbee2mqtt/lamp/set', { qos: 1 });
      await eventually(async () => {
        expect(Object.fromEntries(await retainedOf(home.url))).to.deep.equal({
          'zigbee2mqtt/bridge/state': 'of home',
          'cabin/zigbee2mqtt/bridge/state': 'of cabin',
        });
        expect(Object.fromEntries(await retainedOf(cabin.url))).to.deep.equal({
          'zigbee2mqtt/bridge/state': 'of cabin',
          'home/zigbee2mqtt/bridge/state': 'of home',
        });
      });
      await atHome.publish('cabin/zigbee2mqtt/lamp/set', 'ON');
      await atCabin.waitFor(
        ({ topic, payload }) => topic === 'zigbee2mqtt/lamp/set' && payload === 'ON',
        20_000,
      );
    } finally {
      await Promise.all([atHome.end(), atCabin.end()]);
      await mqttrep.stop();
      await Promise.all([home.stop(), cabin.stop()]);
    }
  });

  describe('access-rules.md', () => {
    const acl = blocksOf(readFileSync(join(FOLDER, 'access-rules.md'), 'utf8'), 'acl').join('\n');

    /** A mosquitto with these rules, and the user `mqttrep`. Clients of the specs read a sentinel, too. */
    async function start(rules: string) {
      const file = join(tempFolder('acl'), 'rules.acl');
      writeFileSync(file, `topic readwrite $sentinel/#\n${rules}\ntopic readwrite $sentinel/#\n`, {
        mode: 0o644,
      });
      return startMosquitto({ config: [`acl_file ${file}`] });
    }

    it('has the rights that mqttrep needs: it replicates, deletes, and finds nothing to complain about', async function () {
      requireMosquitto(this);
      const brokers = { OSLO: await start(acl), PARIS: await start(acl) };
      const account = JSON.stringify({ username: 'mqttrep' });
      const environment = environmentOf(brokers, {
        MQTTREP_TOPIC_all: 'home/#',
        MQTTREP_CONFIG_OSLO: account,
        MQTTREP_CONFIG_PARIS: account,
        MQTTREP_STORE: tempFolder('store'),
        MQTTREP_MERGE_FREQUENCY: '20',
      });
      const { stdout } = await command(['check', '--connect', '--write-probe'], environment);
      expect(stdout).to.contain('OSLO: may write and read under "home/#"');
      const mqttrep = startMqttrep(environment);
      await mqttrep.line('OSLO: connected');
      await mqttrep.line('PARIS: connected');
      const client = await TestClient.connect(brokers.OSLO.url);
      await client.publish('home/door', 'open', { retain: true });
      await client.publish('home/lamp', 'on', { retain: true });
      const at = async (topic: string) => (await retainedOf(brokers.PARIS.url, 'home/#')).get(topic);
      await eventually(async () => expect(await at('home/lamp')).to.equal('on'));
      await client.publish('home/door', '', { retain: true });
      await eventually(async () => expect(await at('home/door')).to.equal(undefined));
      await client.end();
      await mqttrep.stop();
      expect(mqttrep.stderr).not.to.match(/ (warn|error) /);
      await Promise.all(Object.values(brokers).map(broker => broker.stop()));
    });

    for (const [right, told] of [
      ['topic readwrite mqttrep/#', /did not come back: permit the account .* under MQTTREP_CONTROL_TOPIC/],
      ['topic readwrite home/#', /may not (write|read)|may not write, or not read/],
    ] as const) {
      it(`has no right too many: without "${right}" mqttrep complains`, async function () {
        requireMosquitto(this);
        const rules = acl.replace(new RegExp(`^${right.replace('#', '#')}$`, 'm'), '');
        expect(rules).not.to.equal(acl);
        const broker = await start(rules);
        const environment = environmentOf(
          { OSLO: broker },
          {
            MQTTREP_TOPIC_all: 'home/#',
            MQTTREP_CONFIG_OSLO: '{"username":"mqttrep"}',
            MQTTREP_MERGE_FREQUENCY: '20',
          },
        );
        const { stdout } = await command(['check', '--connect', '--write-probe'], environment);
        const mqttrep = startMqttrep(environment);
        await mqttrep.line('OSLO: connected', 60_000);
        await mqttrep.stop();
        expect(stdout + mqttrep.stderr).to.match(told);
        await broker.stop();
      });
    }
  });
});
