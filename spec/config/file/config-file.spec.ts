/** mqttrep.yaml says the same as environment variables. */

import { expect } from 'chai';
import { accepted } from '../reading.ts';
import { configOfFile } from './reading-file.ts';

const SOUND = `
brokers:
  oslo: mqtt://oslo.example:1883
  paris: mqtts://paris.example
topics:
  ducks: canards/#
`;

/** A comment of YAML, as an editor understands it; `\${` is no placeholder of this file. */
const REFERENCE = (name: string) => `\${${name}}`;

describe('mqttrep.yaml', () => {
  it('says the same as environment variables', () => {
    expect(configOfFile(SOUND)).to.deep.equal(accepted({}));
  });

  it('says the same with all kinds of settings', () => {
    const text = `
defaults:
  username: rep-{broker}
  keepalive: 7
brokers:
  oslo:
    url: mqtt://oslo.example
    keepalive: 30
    map: 'prefix: site/{broker}/'
  paris:
    url: mqtt://paris.example
    exclude: [canards/x, 'canards/a,b']
topics:
  all: { filter: canards/#, ttl: 60, retain: true, qos: 2, merge: [json:time, arrival], publishBlacklist: [oslo] }
map:
  - rule: canards/only/+ -> only/$1
    brokers: [paris]
exclude: canards/none/#
mergeFrequency: 2.5
store: memory
http: off
httpToken: sixteen-characters
logLevel: debug
`;
    const env = {
      HOME: '/home/duck',
      MQTTREP_CLIENT_oslo: 'mqtt://oslo.example',
      MQTTREP_CLIENT_paris: 'mqtt://paris.example',
      MQTTREP_CONFIG_oslo: '{"username":"rep-oslo","keepalive":30}',
      MQTTREP_CONFIG_paris: '{"username":"rep-paris","keepalive":7}',
      MQTTREP_TOPIC_all: 'canards/#',
      MQTTREP_TTL_all: '60',
      MQTTREP_RETAIN_all: 'true',
      MQTTREP_QOS_all: '2',
      MQTTREP_MERGE_all: 'json:time,arrival',
      MQTTREP_PUBLISH_BLACKLIST_all: 'oslo',
      MQTTREP_MAP_oslo_1: 'prefix: site/{broker}/',
      MQTTREP_MAP_BROKERS_oslo_1: 'oslo',
      MQTTREP_MAP__1: 'canards/only/+ -> only/$1',
      MQTTREP_MAP_BROKERS__1: 'paris',
      MQTTREP_EXCLUDE_paris_1: 'canards/x',
      MQTTREP_EXCLUDE_BROKERS_paris_1: 'paris',
      MQTTREP_EXCLUDE_paris_2: 'canards/a\\,b',
      MQTTREP_EXCLUDE_BROKERS_paris_2: 'paris',
      MQTTREP_EXCLUDE__1: 'canards/none/#',
      MQTTREP_MERGE_FREQUENCY: '2.5',
      MQTTREP_STORE: 'memory',
      MQTTREP_HTTP: 'off',
      MQTTREP_HTTP_TOKEN: 'sixteen-characters',
      MQTTREP_LOG_LEVEL: 'debug',
    };
    expect(configOfFile(text)).to.deep.equal(accepted(env, {}));
  });

  it('takes brokers and topics as lists, with the address in the defaults', () => {
    const { brokers, topics } = configOfFile(
      'defaults: { url: "mqtt://{broker}.example" }\nbrokers: [oslo, paris]\ntopics: [a/#, { filter: b, qos: 0 }]\n',
    );
    expect(brokers.map(({ url }) => url)).to.deep.equal(['mqtt://oslo.example', 'mqtt://paris.example']);
    expect(topics.map(({ id, filter, qos }) => [id, filter, qos])).to.deep.equal([
      ['1', 'a/#', undefined],
      ['2', 'b', 0],
    ]);
  });

  it('has room for thirty sites with TLS and passwords in 60 lines', () => {
    const sites = Array.from(
      { length: 30 },
      (_, index) => `  site${index}: mqtts://gateway-${index}.example`,
    );
    const text = `defaults:
  username: rep-{broker}
  password: ${REFERENCE('REP_PASSWORD')}
  ca: ${REFERENCE('CA')}
brokers:
${sites.join('\n')}
topics:
  all: sites/#
exclude: [sites/+/private/#]
`;
    expect(text.split('\n').length).to.be.at.most(60);
    const { brokers } = configOfFile(text, { REP_PASSWORD: 's3cret', CA: 'pem' });
    expect(brokers).to.have.lengthOf(30);
    expect(brokers[7]?.options).to.deep.equal({ username: 'rep-site15', password: 's3cret', ca: 'pem' });
  });

  it('has options of a broker that replace those of the same kind in the defaults', () => {
    const text = `
defaults: { username: rep, password: of-all, caFile: /run/ca.pem }
brokers:
  oslo: { url: mqtts://oslo.example, ca: pem }
  paris: { url: mqtt://paris.example, ca: pem, password: own }
topics: [a]
`;
    const [oslo, paris] = configOfFile(text).brokers;
    expect(oslo?.options).to.deep.equal({ username: 'rep', password: 'of-all', ca: 'pem' });
    expect(paris?.options).to.deep.equal({ username: 'rep', password: 'own', ca: 'pem' });
  });

  it('leaves the TLS options of the defaults out where a broker has no TLS', () => {
    const text = `
defaults: { username: rep, ca: pem, servername: gateway, rejectUnauthorized: true }
brokers:
  local: mqtt://127.0.0.1
  oslo: mqtts://oslo.example
  paris: { url: [ws://a.paris.example/mqtt, wss://b.paris.example/mqtt] }
  rome: { url: ws://rome.example/mqtt, keepalive: 7 }
topics: [a]
`;
    const options = Object.fromEntries(
      configOfFile(text).brokers.map(({ name, options: all }) => [name, all]),
    );
    const all = { username: 'rep', ca: 'pem', servername: 'gateway', rejectUnauthorized: true };
    expect(options).to.deep.equal({
      local: { username: 'rep' },
      oslo: all,
      paris: all,
      rome: { username: 'rep', keepalive: 7 },
    });
  });

  it('takes ids of rules and exclusions, so that variables replace them', () => {
    const text = `${SOUND}
map: { id: a, prefix: site/oslo/, brokers: oslo }
exclude: [{ id: b, filters: [canards/x] }]
`;
    const { maps, exclusions } = configOfFile(text, {
      MQTTREP_MAP_a: 'prefix: other/',
      MQTTREP_EXCLUDE_b: 'canards/y',
    });
    expect(maps).to.deep.equal([{ id: 'a', rule: 'prefix: other/', brokers: ['oslo'] }]);
    expect(exclusions).to.deep.equal([{ id: 'b', filters: ['canards/y'], brokers: ['oslo', 'paris'] }]);
  });

  it('takes anchors and aliases', () => {
    const text = `
defaults: &all { keepalive: 7 }
brokers:
  oslo: { url: mqtt://oslo.example, <<: *all }
  paris: mqtt://paris.example
topics: [a]
`;
    expect(configOfFile(text).brokers[0]?.options).to.deep.equal({ keepalive: 7 });
  });

  const references: readonly (readonly [text: string, value: string])[] = [
    [REFERENCE('NAME'), 'duck'],
    [`a-${REFERENCE('NAME')}-${REFERENCE('NAME')}`, 'a-duck-duck'],
    [REFERENCE('EMPTY:-goose'), 'goose'],
    [REFERENCE('NONE:-goose: a'), 'goose: a'],
    [`$${REFERENCE('NAME')}`, REFERENCE('NAME')],
    ['$1 {NAME} $NAME', '$1 {NAME} $NAME'],
  ];
  for (const [text, value] of references) {
    it(`reads ${text} as ${value}`, () => {
      const file = `${SOUND}store: '${text}'\n`;
      expect(configOfFile(file, { NAME: 'duck', EMPTY: '' }).store).to.deep.equal({
        kind: 'folder',
        path: value,
      });
    });
  }
});
