/** mqttrep.yaml says the same as environment variables, and its errors have the line and the column. */

import { expect } from 'chai';
import fc from 'fast-check';
import { readConfigFile } from '../../../lib/config/file/config-file.ts';
import { accepted } from '../reading.ts';
import { configOfFile, problemsOfFile } from './reading-file.ts';

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
defaults: { password: of-all, caFile: /run/ca.pem }
brokers:
  oslo: { url: mqtts://oslo.example, ca: pem }
  paris: { url: mqtt://paris.example, ca: pem, password: own }
topics: [a]
`;
    const [oslo, paris] = configOfFile(text).brokers;
    expect(oslo?.options).to.deep.equal({ password: 'of-all', ca: 'pem' });
    expect(paris?.options).to.deep.equal({ password: 'own', ca: 'pem' });
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

  const errors: readonly (readonly [text: string, ...words: string[]])[] = [
    ['brokers: [a', 'mqttrep.yaml:1:12: it is not YAML'],
    ['- a\n', 'mqttrep.yaml: it is a list, not keys with values'],
    ['brokers:\n  oslo: x\n  oslo: y\n', 'mqttrep.yaml:3:3: it is not YAML: Map keys must be unique'],
    ['topics:\n  all: #\n', 'mqttrep.yaml:2:3 (topics.all): it has no value', '"#"'],
    ['brokrs: {}\n', 'mqttrep.yaml:1:1 (brokrs): there is no key `brokrs`; did you mean `brokers`?'],
    ['brokers: 5\n', 'mqttrep.yaml:1:1 (brokers): it is a number; write brokers by name'],
    [
      'brokers:\n  my-broker: mqtt://a\n',
      'mqttrep.yaml:2:3',
      '"my-broker" is not a name',
      'underscores only',
    ],
    ['topics: [{ ttl: 5 }]\n', '(topics.0.filter): `filter` is missing'],
    [
      'topics:\n  a: { filter: b, retian: true }\n',
      'mqttrep.yaml:2:19 (topics.a.retian)',
      'did you mean `retain`?',
    ],
    ['map: [{ prefx: a }]\n', 'mqttrep.yaml:1:9 (map.0.prefx)', 'did you mean `prefix`?'],
    ['__proto__: { a: 1 }\n', 'mqttrep.yaml:1:1: it has a key `__proto__`'],
    [`store: ${REFERENCE('NONE')}\n`, 'mqttrep.yaml:1:8: the variable NONE is not set', 'write a default'],
    [`store: ${REFERENCE('a b')}\n`, 'mqttrep.yaml:1:8', 'not followed by the name of a variable'],
    [`${SOUND}httpToken: *s3cret\n`, 'mqttrep.yaml: it cannot be read: Unresolved alias'],
    [
      `${SOUND}  more: { filter: a, ttl: 12 hours }\n`,
      'mqttrep.yaml:7:22 (topics.more.ttl): "12 hours" is not a time to live',
    ],
    [
      'brokers:\n  oslo:\n    url: tcp://a\n  paris: mqtt://b\ntopics: [a]\n',
      'mqttrep.yaml:3:5 (brokers.oslo.url): the scheme of tcp://a is not mqtt',
    ],
    [
      'brokers:\n  oslo:\n    url: mqtt://a\n    maxQos: 3\n  paris: mqtt://b\ntopics: [a]\n',
      'mqttrep.yaml:4:5 (brokers.oslo.maxQos): it is a number; write 0, 1 or 2',
    ],
    [
      'brokers:\n  oslo: { keepalive: 7 }\n  paris: mqtt://b\ntopics: [a]\n',
      'mqttrep.yaml:2:3 (brokers.oslo): it is empty',
    ],
    [
      'defaults:\n  caFile: /nowhere\nbrokers:\n  oslo: mqtts://a\n  paris: { url: mqtts://b, caFile: /run/empty.json }\ntopics: [a]\n',
      'mqttrep.yaml:2:3 (defaults.caFile): `caFile`: the file "/nowhere" cannot be read',
      'mqttrep.yaml:5:28 (brokers.paris.caFile): `caFile`: the file "/run/empty.json" is empty',
    ],
    [`${SOUND}map: 'canards/# -> a'\n`, 'mqttrep.yaml:7:1 (map): "canards/# -> a" is not a mapping rule'],
    [`${SOUND}mergeFrequency: 0\n`, 'mqttrep.yaml:7:1 (mergeFrequency): "0" is not a frequency'],
  ];
  for (const [text, ...words] of errors) {
    it(`has an error with its place: ${JSON.stringify(text).slice(0, 70)}`, () => {
      const found = problemsOfFile(text).join('\n');
      for (const word of words) expect(found).to.contain(word);
    });
  }

  it('does not show a secret in an error', () => {
    for (const text of [
      `${SOUND}httpToken: *s3cret\n`,
      `${SOUND}httpToken: "\\s3cret"\n`,
      `${SOUND}httpToken: [s3cret-s3cret-s3cret]\n  - s3cret`,
      'brokers:\n  oslo: { url: mqtt://a, password: { s3cret: 1 } }\n',
      'brokers:\n  oslo: mqtt://a:s3cret:b:c@@d\n',
    ]) {
      const found = problemsOfFile(text);
      expect(found).to.have.length.above(0);
      expect(found.join()).not.to.contain('s3cret');
    }
  });

  it('warns of an unknown option with its place', () => {
    expect(
      problemsOfFile(SOUND.replace('mqtts://paris.example', '{ url: mqtt://b, keepalve: 7 }')),
    ).to.deep.equal([
      'mqttrep.yaml:4:27 (brokers.paris.keepalve): neither mqttrep nor MQTT.js knows the option `keepalve`; did you mean `keepalive`?',
    ]);
  });

  it('gives variables or problems, whatever it contains', () => {
    const piece = fc.constantFrom(
      'brokers',
      'topics',
      ':',
      ' ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a',
      '*a',
      '<<',
      '"',
      "'",
      '#',
      'map',
      'url',
      'x',
      '|',
      '>',
      '!',
      '%',
      REFERENCE('A'),
      '1',
      'null',
      'filter',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), pieces => {
        const file = readConfigFile('f.yaml', pieces.join(''), { A: 'a' });
        if ('errors' in file) expect(file.errors).to.have.length.above(0);
        else expect(file.variables).to.be.an('object');
      }),
      { numRuns: 500 },
    );
  });

  it('ends with a problem where aliases would make it very large', () => {
    const lines = Array.from(
      { length: 30 },
      (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`,
    );
    expect(problemsOfFile(`a0: &a0 [x]\n${lines.join('\n')}\n`).join()).to.contain('Excessive alias count');
  });
});
