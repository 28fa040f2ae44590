/** What mqttrep shows of a configuration: never a secret. */

import { expect } from 'chai';
import fc from 'fast-check';
import { DEFAULT_BOUNDS } from '../../lib/config/bounds.ts';
import type { Config } from '../../lib/config/config.ts';
import { PROCESS_DEFAULTS } from '../../lib/config/defaults.ts';
import { describeConfig } from '../../lib/config/effective.ts';
import { maskUrl } from '../../lib/config/mask.ts';
import { readConfig } from '../../lib/config/read-config.ts';

const CONFIG: Config = {
  ...PROCESS_DEFAULTS,
  brokers: [
    {
      name: 'oslo',
      url: 'mqtts://duck:quack@oslo.example:8883',
      maxQos: 1,
      priority: 3,
      options: {
        clientId: 'me',
        keepalive: 30,
        username: 'duck',
        password: 'quack',
        key: 'quack',
        passphrase: 'quack',
        will: { topic: 'a', payload: 'quack' },
        wsOptions: { headers: { authorization: 'quack' } },
        unheardOf: 7,
      },
    },
    { name: 'paris', url: 'ws://paris.example/mqtt?token=quack', maxQos: 2, priority: 0, options: {} },
  ],
  maps: [],
  exclusions: [],
  topics: [
    { id: 'a', filter: 'canards/#', subscribers: ['oslo', 'paris'], publishers: ['oslo'] },
    { id: 'b', filter: 'canards/+', retain: true, qos: 2, ttl: 60, subscribers: [], publishers: ['paris'] },
  ],
  mergeFrequency: 2,
  store: { kind: 'folder', path: '/var/lib/mqttrep' },
  controlTopic: undefined,
  scanPeriod: Number.POSITIVE_INFINITY,
  http: {
    host: '0.0.0.0',
    port: 9280,
    address: 'chosen',
    token: 'quack',
    hosts: [],
    hidesPayloads: true,
    allowsActions: false,
  },
  log: { level: 'warn', format: 'json' },
};

describe('describeConfig', () => {
  it('returns data with the secrets masked', () => {
    const { data } = describeConfig(CONFIG);
    expect(data.brokers).to.deep.equal([
      {
        name: 'oslo',
        url: 'mqtts://***@oslo.example:8883',
        maxQos: 1,
        priority: 3,
        clientId: 'me',
        options: {
          keepalive: 30,
          key: '***',
          passphrase: '***',
          password: '***',
          unheardOf: '***',
          username: '***',
          will: '***',
          wsOptions: '***',
        },
      },
      {
        name: 'paris',
        url: 'ws://paris.example/mqtt?***',
        maxQos: 2,
        priority: 0,
        clientId: null,
        options: {},
      },
    ]);
    expect(data.topics).to.deep.equal(CONFIG.topics);
    expect(data.mergeFrequency).to.equal(2);
    expect(data.http).to.deep.equal({
      host: '0.0.0.0',
      port: 9280,
      token: '***',
      hosts: [],
      hidesPayloads: true,
      allowsActions: false,
    });
    expect(data.log).to.deep.equal(CONFIG.log);
    expect(data).to.deep.include({
      controlTopic: null,
      scanPeriod: null,
      bounds: { ...DEFAULT_BOUNDS, memory: null },
    });
    expect(JSON.parse(JSON.stringify(data))).to.deep.equal(data);
  });

  it('returns a text for people, with the secrets masked', () => {
    const [people = '', process = ''] = describeConfig(CONFIG).text.split('\nProcess\n');
    expect(people.split('\n')).to.deep.equal([
      'Brokers',
      '  oslo  mqtts://***@oslo.example:8883',
      '    maxQos 1, priority 3, clientId me',
      '    options: keepalive 30, key ***, passphrase ***, password ***, unheardOf ***, username ***, will ***, wsOptions ***',
      '  paris  ws://paris.example/mqtt?***',
      '    maxQos 2, priority 0, clientId random',
      'Topics',
      '  a  canards/#',
      '    subscribed at: all brokers',
      '    published to: oslo',
      '  b  canards/+',
      '    TTL 60 s, RETAIN true, QOS 2',
      '    subscribed at: no broker',
      '    published to: paris',
    ]);
    expect(process.split('\n')).to.include.members([
      '  MQTTREP_MERGE_FREQUENCY: 2 Hz',
      '  MQTTREP_STORE: /var/lib/mqttrep',
      '  MQTTREP_CONTROL_TOPIC: off',
      '  MQTTREP_SCAN_PERIOD: off',
      '  MQTTREP_MAX_DRIFT: 60 s',
      '  MQTTREP_DELETION_GUARD: 10 topics and 5 %',
      '  MQTTREP_EVENT_BYTES: 1073741824 bytes',
      '  MQTTREP_EVENT_FULL: oldest',
      '  MQTTREP_EVENT_SYNC: 0 ms',
      '  MQTTREP_EVENT_SESSION: 86400 s',
      '  MQTTREP_EVENT_HOPS: 8',
      '  MQTTREP_EVENT_TREE: false',
      '  MQTTREP_MAX_PAYLOAD: 4194304 bytes',
      '  MQTTREP_MAX_TOPICS: 1000000',
      '  MQTTREP_MAX_MEMORY: half of the heap that Node.js allows',
      '  MQTTREP_MAX_TOPIC_LENGTH: 65535 bytes',
      '  MQTTREP_MAX_LEVELS: 200',
      '  MQTTREP_LOG_LEVEL: warn',
      '  MQTTREP_LOG_FORMAT: json',
      '  MQTTREP_HTTP: http://0.0.0.0:9280/, token ***, without payloads',
    ]);
  });
});

describe('maskUrl', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['mqtt://h:1', 'mqtt://h:1'],
    ['mqtt://u:p@h:1', 'mqtt://***@h:1'],
    ['mqtt://u:p@s/s#w?d@h', 'mqtt://***@h'],
    ['mqtt://[::1]:1883', 'mqtt://[::1]:1883'],
    ['wss://h/mqtt?token=s', 'wss://h/mqtt?***'],
    ['wss://h/mqtt#s', 'wss://h/mqtt?***'],
    ['u:p@h', '***@h'],
    ['h:1883', 'h:1883'],
    ['s3cret', '***'],
    ['{"password":"s"}', '***'],
    ['mqtt://u:p', '***'],
  ];
  for (const [url, shown] of cases) {
    it(`shows ${url} as ${shown}`, () => expect(maskUrl(url)).to.equal(shown));
  }
});

describe('mqttrep never shows a secret', () => {
  /** A recognisable text, so that a hit is no accident, between texts that could confuse a parser. */
  const secret = fc
    .tuple(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z]{4}$/), fc.string({ unit: 'grapheme' }))
    .map(([before, core, after]) => ({ text: `${before}SECRET${core}${after}`, core: `SECRET${core}` }));
  const scheme = fc.constantFrom('mqtt://', 'wss://', 'tcp://', 'mqtt:/', '', '"mqtt://', 'mqtt://[');
  const escaping = fc.constantFrom(encodeURIComponent, (text: string) => text);
  const optionName = fc.oneof(
    fc.constantFrom('password', 'username', 'key', 'passphrase', 'will', 'keepalive', 'port', 'maxQos', 'ca'),
    fc.constantFrom('clean', 'properties', 'protocolVersion', 'auth', 'wsOptions', 'resubscribe', 'other'),
  );
  const shape = fc.constantFrom<(text: string) => unknown>(
    text => text,
    text => [text],
    text => ({ headers: { a: text }, payload: text, rejectUnauthorized: text }),
  );

  function shownOf(env: Record<string, string>, file = ''): string {
    const result = readConfig({ MQTTREP_CLIENT_b: 'mqtt://b', MQTTREP_TOPIC_a: 'a', ...env }, () => file);
    const { text, data } = result.ok ? describeConfig(result.config) : { text: '', data: {} };
    const errors = result.ok ? [] : result.errors;
    return `${JSON.stringify([errors, result.warnings, data])}${text}`;
  }

  it('of the user name and password in a valid or broken url', () => {
    fc.assert(
      fc.property(scheme, escaping, secret, secret, (start, escaped, user, password) => {
        const name = escaped(user.text);
        const word = escaped(password.text);
        const shown = shownOf({ MQTTREP_CLIENT_a: `${start}${name}:${word}@host:1883/path` });
        expect(shown).not.to.include(user.core);
        expect(shown).not.to.include(password.core);
      }),
      { numRuns: 1000 },
    );
  });

  it('of the options, if the JSON is valid, cut off or in a file', () => {
    const cut = fc.constantFrom(0, 1, 2, 5);
    const variable = fc.constantFrom('MQTTREP_CONFIG_b', 'MQTTREP_CONFIG_b_FILE', 'MQTTREP_CONFIG_nobody');
    fc.assert(
      fc.property(optionName, shape, secret, cut, variable, (name, wrap, { text, core }, missing, target) => {
        const whole = JSON.stringify({ [name]: wrap(text) });
        const json = whole.slice(0, whole.length - missing);
        expect(shownOf({ [target]: json })).not.to.include(core);
        expect(shownOf({ MQTTREP_CONFIG_b_FILE: '/run/secret' }, json)).not.to.include(core);
      }),
      { numRuns: 1000 },
    );
  });

  it('of a misspelt variable', () => {
    expect(shownOf({ MQTTREP_CONFGI_b: '{"password":"SECRETabcd"}' })).not.to.include('SECRETabcd');
  });
});
