/** `mqttrep route` says where a topic goes, under which names, and which variable decided it. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { tempFolder } from '../support/temp-folder.ts';
import { command } from './command.ts';

const ENVIRONMENT = {
  MQTTREP_CLIENT_OSLO: 'mqtt://oslo.example',
  MQTTREP_CLIENT_PARIS: 'mqtt://paris.example',
  MQTTREP_CLIENT_ROME: 'mqtt://rome.example',
  MQTTREP_CONFIG_ROME: '{"maxQos":0,"maxLevels":3}',
  MQTTREP_TOPIC_all: 'home/#',
  MQTTREP_QOS_all: '2',
  MQTTREP_TOPIC_doors: 'home/+/door',
  MQTTREP_RETAIN_doors: 'true',
  MQTTREP_TTL_doors: '60',
  MQTTREP_PUBLISH_BLACKLIST_doors: 'PARIS',
  MQTTREP_SUBSCRIBE_WHITELIST_all: 'OSLO,PARIS',
  MQTTREP_SUBSCRIBE_WHITELIST_doors: 'OSLO,PARIS',
  MQTTREP_MAP_a: 'prefix: site/{broker}/',
  MQTTREP_MAP_BROKERS_a: 'OSLO',
  MQTTREP_EXCLUDE_b: 'home/private/#',
  MQTTREP_EXCLUDE_BROKERS_b: 'PARIS',
  MQTTREP_MAX_LEVELS: '5',
};

const route = (...args: readonly string[]) => command(['route', ...args], ENVIRONMENT);

describe('mqttrep route', function () {
  this.timeout(60_000);

  it('prints the settings of a topic, its names and its brokers, with what decided each', async () => {
    const { code, stdout, stderr } = await route('home/hall/door');
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout.split('\n')[0]).to.equal('"home/hall/door"');
    expect(stdout).to.match(/TTL +60 s +MQTTREP_TTL_doors\n/);
    expect(stdout).to.match(/RETAIN +true +MQTTREP_RETAIN_doors\n/);
    expect(stdout).to.match(/REPEAT +false +default\n/);
    expect(stdout).to.match(/MODE +state +default\n/);
    expect(stdout).not.to.contain('EVENT_EXPIRY');
    expect(stdout).to.match(/QOS +2 +MQTTREP_QOS_all\n/);
    expect(stdout).to.match(
      /OSLO +site\/OSLO\/home\/hall\/door \(MQTTREP_MAP_a\) +yes \(MQTTREP_TOPIC_all\) +QoS 2\n/,
    );
    expect(stdout).to.match(
      /PARIS +home\/hall\/door +yes \(MQTTREP_TOPIC_all\) +no: the broker is not permitted \(MQTTREP_PUBLISH_BLACKLIST_doors\)\n/,
    );
    expect(stdout).to.match(
      /ROME +home\/hall\/door +no: no filter that matches it is subscribed there \(MQTTREP_SUBSCRIBE_WHITELIST_doors\) +QoS 0\n/,
    );
  });

  it('prints no settings that have no effect on an event topic', async () => {
    const { stdout } = await command(['route', 'alarm/fire', '--json'], {
      ...ENVIRONMENT,
      MQTTREP_TOPIC_alarms: 'alarm/#',
      MQTTREP_MODE_alarms: 'event',
      MQTTREP_EVENT_EXPIRY_alarms: '90',
    });
    const { settings } = JSON.parse(stdout) as { settings: { setting: string; value: string }[] };
    expect(settings.map(({ setting, value }) => [setting, value])).to.deep.equal([
      ['MODE', 'event'],
      ['EVENT_EXPIRY', '90 s'],
      ['RETAIN', 'false'],
      ['QOS', '1'],
    ]);
  });

  it('names the places in mqttrep.yaml that decided', async () => {
    const file = join(tempFolder('route'), 'mqttrep.yaml');
    const text = `brokers:
  OSLO: mqtt://oslo.example
  PARIS: mqtt://paris.example
topics:
  all: { filter: home/#, qos: 2 }
map:
  - { prefix: site/oslo/, brokers: OSLO }
exclude: { filters: home/private/#, brokers: PARIS }
`;
    writeFileSync(file, text);
    const { stdout } = await command(['route', 'home/private/door', '--config', file], {
      MQTTREP_TTL_all: '60',
    });
    expect(stdout).to.match(/QOS +2 +mqttrep\.yaml:5:26 \(topics\.all\.qos\)\n/);
    expect(stdout).to.match(/TTL +60 s +MQTTREP_TTL_all\n/);
    expect(stdout).to.match(
      /OSLO +site\/oslo\/home\/private\/door \(mqttrep\.yaml:7:5 \(map\.0\)\) +yes \(mqttrep\.yaml:5:10 \(topics\.all\.filter\)\) +QoS 2\n/,
    );
    expect(stdout).to.match(
      /PARIS +home\/private\/door +no: it is excluded \(mqttrep\.yaml:8:1 \(exclude\)\)/,
    );
  });

  it('says that a topic is not replicated if it is excluded at every broker, and by what', async () => {
    const { code, stdout } = await command(['route', 'home/hall/debug'], {
      ...ENVIRONMENT,
      MQTTREP_EXCLUDE_all: '+/+/debug',
    });
    expect({ code, stdout }).to.deep.equal({
      code: 1,
      stdout: '"home/hall/debug" is not replicated: it is excluded at every broker (MQTTREP_EXCLUDE_all)\n',
    });
  });

  it('takes the name at a broker', async () => {
    const { stdout } = await route('site/OSLO/home/hall/door', '--from', 'OSLO', '--json');
    const { topic, brokers } = JSON.parse(stdout) as {
      topic: string;
      brokers: { broker: string; name: string }[];
    };
    expect(topic).to.equal('home/hall/door');
    expect(brokers.map(({ name }) => name)).to.deep.equal([
      'site/OSLO/home/hall/door',
      'home/hall/door',
      'home/hall/door',
    ]);
  });

  it('says that a topic is excluded at a broker', async () => {
    const { stdout } = await route('home/private/a', '--json');
    const { brokers } = JSON.parse(stdout) as { brokers: { broker: string; publishes: object }[] };
    expect(brokers[1]).to.deep.include({
      receives: { reason: 'it is excluded', decidedBy: 'MQTTREP_EXCLUDE_b' },
      publishes: { reason: 'it is excluded', decidedBy: 'MQTTREP_EXCLUDE_b' },
    });
  });

  it('says that a broker does not bear the levels of a topic', async () => {
    expect((await route('home/a/b/c')).stdout).to.match(/ROME .*no: its name has more levels than maxLevels/);
  });

  const refused: readonly (readonly [args: readonly string[], code: number, words: string])[] = [
    [['garden/door'], 1, '"garden/door" is not replicated: no topic filter matches it'],
    [['$SYS/uptime'], 1, 'topics of brokers and of mqttrep itself are never replicated'],
    [['home/1/2/3/4/5'], 1, 'it has too many levels (MQTTREP_MAX_LEVELS)'],
    [['home/door', '--from', 'OSLO'], 1, 'no replicated topic has this name at OSLO'],
    [['home/#'], 64, '"home/#" is not a topic'],
    [['home/door', '--from', 'OSOL'], 64, 'there is no broker "OSOL", only OSLO, PARIS, ROME'],
    [[], 64, "'mqttrep route' needs a topic"],
  ];
  for (const [args, code, words] of refused) {
    it(`ends with ${code}: route ${args.join(' ')}`, async () => {
      const outcome = await route(...args);
      expect(outcome.code).to.equal(code);
      expect(outcome.stdout + outcome.stderr).to.contain(words);
    });
  }
});
