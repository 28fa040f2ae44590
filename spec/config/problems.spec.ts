/** The errors and warnings for a wrong environment: a line of a table has the variables, and words of the problem. */

import { expect } from 'chai';
import { MAX_BROKERS } from '../../lib/core/policy.ts';
import { errorsOf, read, warningsOf } from './reading.ts';

/** Variables; the variable that the one problem names; and words of the problem. */
type Case = readonly [env: Readonly<Record<string, string>>, variable: string, ...words: string[]];

function expectOne(problems: readonly string[], [, variable, ...words]: Case): void {
  expect(problems, problems.join('\n')).to.have.lengthOf(1);
  for (const word of [`${variable}: `, ...words]) expect(problems[0]).to.include(word);
}

function title([env]: Case): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value.slice(0, 60)}`)
    .join(' ');
}

function areErrors(cases: readonly Case[]): void {
  for (const one of cases) it(title(one), () => expectOne(errorsOf(one[0]), one));
}

function areWarnings(cases: readonly Case[]): void {
  for (const one of cases) {
    it(title(one), () => {
      expect(errorsOf(one[0])).to.deep.equal([]);
      expectOne(warningsOf(one[0]), one);
    });
  }
}

describe('readConfig', () => {
  describe('reports an error of a broker:', () => {
    areErrors([
      [{ MQTTREP_CLIENT_oslo: '' }, 'MQTTREP_CLIENT_oslo', 'empty'],
      [{ MQTTREP_CLIENT_oslo: 'oslo:1883' }, 'MQTTREP_CLIENT_oslo', 'such as mqtt://oslo:1883'],
      [{ MQTTREP_CLIENT_oslo: 'tcp://oslo' }, 'MQTTREP_CLIENT_oslo', 'scheme', 'begin it with mqtt://'],
      [{ MQTTREP_CLIENT_oslo: 'ssl://oslo' }, 'MQTTREP_CLIENT_oslo', 'scheme', 'begin it with mqtts://'],
      [{ MQTTREP_CLIENT_oslo: 'https://oslo' }, 'MQTTREP_CLIENT_oslo', 'scheme', 'begin it with wss://'],
      [{ MQTTREP_CLIENT_oslo: 'mqqt://oslo' }, 'MQTTREP_CLIENT_oslo', 'scheme', 'begin it with mqtt://'],
      [{ MQTTREP_CLIENT_oslo: 'gopher://oslo' }, 'MQTTREP_CLIENT_oslo', 'mqtt:// or mqtts://'],
      [{ MQTTREP_CLIENT_oslo: 'mqtt://' }, 'MQTTREP_CLIENT_oslo', 'no host', 'mqtt://localhost'],
      [{ MQTTREP_CLIENT_oslo: 'mqtt:///x' }, 'MQTTREP_CLIENT_oslo', 'no host'],
      [{ MQTTREP_CLIENT_oslo: 'mqtt://oslo:99999' }, 'MQTTREP_CLIENT_oslo', 'as a url', 'port'],
      [{ MQTTREP_CLIENT_oslo: 'mqtt://a:1#2@oslo' }, 'MQTTREP_CLIENT_oslo', 'mqtt://***@oslo', '%23'],
      [{ MQTTREP_CLIENT_oslo: 'mqtt://a:1/2@oslo' }, 'MQTTREP_CLIENT_oslo', 'mqtt://***@oslo'],
      [{ MQTTREP_CLIENT_oslo: 'mqtt://a:1%zz@oslo' }, 'MQTTREP_CLIENT_oslo', 'mqtt://***@oslo'],
      [{ MQTTREP_CLIENT_oslo: 'mqtt://a:1\\2@oslo' }, 'MQTTREP_CLIENT_oslo', 'mqtt://***@oslo'],
      [{ 'MQTTREP_CLIENT_my-broker': 'mqtt://a' }, 'MQTTREP_CLIENT_my-broker', 'only letters'],
      [{ MQTTREP_CLIENT_: 'mqtt://a' }, 'MQTTREP_CLIENT_', 'is not a name', 'MQTTREP_CLIENT_{name}'],
      [
        { MQTTREP_CONFIG_osol: '{}' },
        'MQTTREP_CONFIG_osol',
        'there is no MQTTREP_CLIENT_osol',
        'MQTTREP_CONFIG_oslo?',
      ],
      [
        { MQTTREP_CONFIG_osol_FILE: '/run/oslo.json' },
        'MQTTREP_CONFIG_osol_FILE',
        'MQTTREP_CONFIG_oslo_FILE?',
      ],
      [{ MQTTREP_CONFIG_oslo_FILE: '/nowhere' }, 'MQTTREP_CONFIG_oslo_FILE', '"/nowhere"', 'no such file'],
      [{ MQTTREP_CONFIG_oslo_FILE: '/run/empty.json' }, 'MQTTREP_CONFIG_oslo_FILE', 'is empty'],
      [{ MQTTREP_CONFIG_oslo_FILE: '/run/broken.json' }, 'MQTTREP_CONFIG_oslo_FILE', 'line 2, column 14'],
      [
        { MQTTREP_CONFIG_oslo_FILE: '{"a":1}' },
        'MQTTREP_CONFIG_oslo_FILE',
        'move the value to MQTTREP_CONFIG_oslo',
      ],
      [
        { MQTTREP_CONFIG_oslo: '{}', MQTTREP_CONFIG_oslo_FILE: '/run/oslo.json' },
        'MQTTREP_CONFIG_oslo_FILE',
        'together with MQTTREP_CONFIG_oslo',
      ],
      [
        {
          MQTTREP_CLIENT_copy: 'mqtt://OSLO.example',
          MQTTREP_CONFIG_copy: '{"clientId":"me"}',
          MQTTREP_CONFIG_oslo: '{"clientId":"me"}',
        },
        'MQTTREP_CLIENT_oslo',
        'is also the broker of MQTTREP_CLIENT_copy',
        'same client id',
      ],
    ]);
  });

  describe('reports an error of the options of a broker:', () => {
    const config = (json: string, ...words: string[]): Case => [
      { MQTTREP_CONFIG_oslo: json },
      'MQTTREP_CONFIG_oslo',
      ...words,
    ];
    areErrors([
      config('{"keepalive":30,}', 'line 1, column 17'),
      config('{"keepalive":30', 'close brace expected at line 1, column 16'),
      config('{// no\n}', 'line 1, column 2'),
      config('{"password":"a', 'unexpected end of string at line 1, column 13', 'single quotes'),
      config('[]', 'an array, not an object'),
      config('null', 'null, not an object'),
      config('7', 'a number, not an object'),
      config('{"__proto__":{"a":1}}', '`__proto__`'),
      config('{"will":{"__proto__":{"a":1}}}', '`__proto__`'),
      config('['.repeat(50_000), 'not JSON'),
      config('{"maxQos":3}', '`maxQos` is 3', '0, 1 or 2'),
      config('{"maxLevels":0}', '`maxLevels` is 0', 'a whole number from 1 to 65536'),
      config(
        '{"maxTopicLength":70000}',
        '`maxTopicLength` is 70000',
        'a whole number of bytes from 1 to 65535',
      ),
      config('{"maxQos":"1"}', '`maxQos` is a string', '0, 1 or 2'),
      config('{"priority":-1}', '`priority` is -1', 'from 0 to 1000'),
      config('{"priority":0.5}', '`priority` is 0.5', 'a whole number'),
      config('{"clientId":""}', '`clientId` is an empty string'),
      config('{"username":null}', '`username` is null', 'a string'),
      config('{"password":987654}', '`password` is a number', 'a string'),
      config('{"keepalive":65536}', '`keepalive` is 65536', 'from 0 to 65535'),
      config('{"protocolVersion":131}', '`protocolVersion` is 131', '3 (MQTT 3.1), 4 (MQTT 3.1.1) or 5'),
      config('{"clean":"yes"}', '`clean` is a string', 'true or false'),
      config('{"connectTimeout":-1}', '`connectTimeout` is -1', 'milliseconds'),
      config('{"reconnectPeriod":"1s"}', '`reconnectPeriod` is a string', 'milliseconds'),
      config('{"port":0}', '`port` is 0', 'from 1 to 65535'),
      config('{"rejectUnauthorized":0}', '`rejectUnauthorized` is a number'),
      config('{"ca":[1]}', '`ca` is an array', 'an array of strings'),
      config('{"will":{"topic":"a"}}', '`will.payload` is missing', 'a string'),
      config('{"will":"a"}', '`will` is a string', 'an object'),
    ]);

    it('the prototype of objects is not changed', () => {
      read({
        MQTTREP_CONFIG_oslo: '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
      });
      expect({}).not.to.have.property('polluted');
    });

    it('a number that may be a password is not repeated', () => {
      expect(errorsOf({ MQTTREP_CONFIG_oslo: '{"password":987654}' }).join()).not.to.include('987654');
    });
  });

  describe('reports an error of a topic:', () => {
    areErrors([
      [{ MQTTREP_TOPIC_a: '' }, 'MQTTREP_TOPIC_a', 'empty', '"#"'],
      [{ MQTTREP_TOPIC_a: 'a/#/b' }, 'MQTTREP_TOPIC_a', '"a/#/b"', 'last level'],
      [{ MQTTREP_TOPIC_a: 'a#' }, 'MQTTREP_TOPIC_a', '"a#"', 'alone'],
      [{ MQTTREP_TOPIC_a: 'a/b+' }, 'MQTTREP_TOPIC_a', '"a/b+"', 'alone'],
      [{ MQTTREP_TOPIC_a: 'a'.repeat(65_536) }, 'MQTTREP_TOPIC_a', 'longer than 65535 bytes'],
      [{ MQTTREP_TOPIC_a: '$SYS/#' }, 'MQTTREP_TOPIC_a', '"$SYS/#"', 'never replicated'],
      [{ MQTTREP_TOPIC_a: 'ActiveMQ/#' }, 'MQTTREP_TOPIC_a', 'never replicated'],
      [{ MQTTREP_TOPIC_a: 'mqttrep/#' }, 'MQTTREP_TOPIC_a', 'never replicated'],
      [{ MQTTREP_TOPIC_a: '$share/group/a/#' }, 'MQTTREP_TOPIC_a', 'shared', 'alone: a/#'],
      [{ MQTTREP_TOPIC_FREQUENCY: 'a' }, 'MQTTREP_TOPIC_FREQUENCY', 'FREQUENCY', 'another id'],
      [{ 'MQTTREP_TOPIC_a.b': 'a' }, 'MQTTREP_TOPIC_a.b', 'only letters', 'MQTTREP_TOPIC_{id}'],
      [{ MQTTREP_QOS_ducks: '3' }, 'MQTTREP_QOS_ducks', '"3"', '0, 1 or 2'],
      [{ MQTTREP_QOS_ducks: '1.0' }, 'MQTTREP_QOS_ducks', '"1.0"'],
      [{ MQTTREP_TTL_ducks: '-5' }, 'MQTTREP_TTL_ducks', '"-5"', 'seconds'],
      [{ MQTTREP_TTL_ducks: '12 hours' }, 'MQTTREP_TTL_ducks', '"12 hours"', 'a number alone'],
      [{ MQTTREP_TTL_ducks: '0,5' }, 'MQTTREP_TTL_ducks', '"0,5"', '0.5'],
      [{ MQTTREP_TTL_ducks: '0x10' }, 'MQTTREP_TTL_ducks', '"0x10"'],
      [{ MQTTREP_TTL_ducks: '0.0001' }, 'MQTTREP_TTL_ducks', 'from 0.001'],
      [{ MQTTREP_TTL_ducks: 'Infinity' }, 'MQTTREP_TTL_ducks', '0 for ever'],
      [{ MQTTREP_RETAIN_ducks: 'maybe' }, 'MQTTREP_RETAIN_ducks', '"maybe"', 'true or false'],
      [{ MQTTREP_NOSUB_ducks: '2' }, 'MQTTREP_NOSUB_ducks', '"2"', 'true or false'],
      [{ MQTTREP_NOSUB_ducks: 'true' }, 'MQTTREP_TOPIC_{id}', 'no broker subscribes to any topic'],
      [{ MQTTREP_SUBSCRIBE_BLACKLIST_ducks: 'oslo,paris' }, 'MQTTREP_TOPIC_{id}', 'no broker subscribes'],
      [
        { MQTTREP_QOS_dukcs: '1' },
        'MQTTREP_QOS_dukcs',
        'there is no MQTTREP_TOPIC_dukcs',
        'MQTTREP_QOS_ducks?',
      ],
      [{ MQTTREP_PULISH_BLACKLIST_duck: 'oslo' }, 'MQTTREP_PULISH_BLACKLIST_duck', 'MQTTREP_TOPIC_duck'],
      [
        { MQTTREP_PUBLISH_WHITELIST_ducks: 'olso' },
        'MQTTREP_PUBLISH_WHITELIST_ducks',
        '"olso"',
        'mean oslo?',
      ],
      [{ MQTTREP_SUBSCRIBE_WHITELIST_ducks: 'Oslo' }, 'MQTTREP_SUBSCRIBE_WHITELIST_ducks', 'mean oslo?'],
      [{ MQTTREP_PUBLISH_BLACKLIST_ducks: 'zurich' }, 'MQTTREP_PUBLISH_BLACKLIST_ducks', ': oslo, paris'],
      [
        { MQTTREP_PUBLISH_WHITELIST_ducks: '' },
        'MQTTREP_PUBLISH_WHITELIST_ducks',
        'names no broker',
        'remove',
      ],
      [{ MQTTREP_SUBSCRIBE_WHITELIST_ducks: ' ' }, 'MQTTREP_SUBSCRIBE_WHITELIST_ducks', 'names no broker'],
      [{ MQTTREP_PUBLISH_WHITELIST_ducks: ' , ' }, 'MQTTREP_PUBLISH_WHITELIST_ducks', 'names no broker'],
      [
        { MQTTREP_PULISH_BLACKLIST_ducks: 'oslo', MQTTREP_PUBLISH_BLACKLIST_ducks: 'oslo' },
        'MQTTREP_PULISH_BLACKLIST_ducks',
        'keep only MQTTREP_PUBLISH_BLACKLIST_ducks',
      ],
      [
        { MQTTREP_PUBLISH_BLACKLIST_ducks: 'oslo', MQTTREP_PULISH_BLACKLIST_ducks: 'oslo' },
        'MQTTREP_PULISH_BLACKLIST_ducks',
        'keep only MQTTREP_PUBLISH_BLACKLIST_ducks',
      ],
      [
        { MQTTREP_TOPIC_swans: 'canards/#', MQTTREP_QOS_swans: '0', MQTTREP_QOS_ducks: '1' },
        'MQTTREP_QOS_swans',
        'it is 0, but MQTTREP_QOS_ducks is 1',
      ],
      [
        {
          MQTTREP_TOPIC_swans: 'canards/#',
          MQTTREP_PUBLISH_WHITELIST_ducks: 'oslo',
          MQTTREP_PUBLISH_WHITELIST_swans: 'paris',
        },
        'MQTTREP_PUBLISH_WHITELIST_swans',
        'it is paris, but MQTTREP_PUBLISH_WHITELIST_ducks is oslo',
      ],
    ]);
  });

  describe('reports an error of the process:', () => {
    areErrors([
      ...['0', 'NaN', '-1', 'Infinity', '1000.1', '1e-9', 'often', '1 Hz'].map(
        (text): Case => [
          { MQTTREP_MERGE_FREQUENCY: text },
          'MQTTREP_MERGE_FREQUENCY',
          `"${text}"`,
          '1000 Hz',
        ],
      ),
      [{ MQTT_REPLICATOR_MERGE_FREQUENCY: '0' }, 'MQTT_REPLICATOR_MERGE_FREQUENCY', '"0"'],
      [{ MQTTREP_LOG_LEVEL: 'debgu' }, 'MQTTREP_LOG_LEVEL', '"debgu"', 'mean debug?'],
      [{ MQTTREP_LOG_FORMAT: 'xml' }, 'MQTTREP_LOG_FORMAT', '"xml"', 'text or json'],
    ]);

    it('there is no broker and no topic', () => {
      const errors = errorsOf({}, {});
      expect(errors).to.have.lengthOf(2);
      expect(errors[0]).to.include('MQTTREP_CLIENT_{name}: no broker');
      expect(errors[1]).to.include('MQTTREP_TOPIC_{id}: no topic');
    });

    it('there are more brokers than one process serves', () => {
      const brokers = Array.from({ length: MAX_BROKERS - 1 }, (_, i) => [
        `MQTTREP_CLIENT_z${i}`,
        `ws://h${i}`,
      ]);
      const errors = errorsOf(Object.fromEntries(brokers));
      expect(errors).to.have.lengthOf(1);
      expect(errors[0]).to.include(`${MAX_BROKERS + 1} brokers are configured`);
    });
  });

  describe('warns of:', () => {
    areWarnings([
      [{ MQTTREP_TOPIC_a: 'canards/' }, 'MQTTREP_TOPIC_a', 'comment', '"canards/#"'],
      [{ MQTTREP_TOPIC_a: "'a/#'" }, 'MQTTREP_TOPIC_a', 'quotes'],
      [{ MQTTREP_QOS_ducks: '"2"' }, 'MQTTREP_QOS_ducks', 'quotes'],
      [{ MQTTREP_CONFIG_oslo: `'{"keepalive":1}'` }, 'MQTTREP_CONFIG_oslo', 'quotes'],
      [{ MQTTREP_LOG_LEVEL: '"debug"' }, 'MQTTREP_LOG_LEVEL', 'quotes'],
      [{ MQTTREP_CLEINT_OSLO: 'mqtt://a' }, 'MQTTREP_CLEINT_OSLO', 'mean MQTTREP_CLIENT_OSLO?'],
      [{ MQTTREP_client_OSLO: 'mqtt://a' }, 'MQTTREP_client_OSLO', 'mean MQTTREP_CLIENT_OSLO?'],
      [
        { MQTTREP_PUBLISH_BLACKLST_a_b: 'x' },
        'MQTTREP_PUBLISH_BLACKLST_a_b',
        'mean MQTTREP_PUBLISH_BLACKLIST_a_b?',
      ],
      [{ MQTTREP_LOGLEVEL: 'warn' }, 'MQTTREP_LOGLEVEL', 'mean MQTTREP_LOG_LEVEL?'],
      [{ MQTTREP_TTL: '1' }, 'MQTTREP_TTL', 'mean MQTTREP_TTL_{id}?'],
      [{ MQTTREP_XYZZY: '1' }, 'MQTTREP_XYZZY', 'ignores it', 'mqttrep config --help'],
      [
        { MQTTREP_CONFIG_oslo: '{"rejectUnauthorized":false}' },
        'MQTTREP_CONFIG_oslo',
        '`rejectUnauthorized`',
      ],
      [{ MQTTREP_CONFIG_oslo: '{"queueQoSZero":true}' }, 'MQTTREP_CONFIG_oslo', '`queueQoSZero` is ignored'],
      [{ MQTTREP_CONFIG_oslo: '{"clean":false}' }, 'MQTTREP_CLIENT_oslo', '`clean` is false'],
      [
        { MQTTREP_CLIENT_oslo: 'ws://a?clientId=b', MQTTREP_CONFIG_oslo: '{"clientId":"c"}' },
        'MQTTREP_CLIENT_oslo',
        'replaces',
      ],
      [{ MQTTREP_CLIENT_copy: 'mqtt://oslo.example' }, 'MQTTREP_CLIENT_oslo', 'replicated with itself'],
      [
        { MQTTREP_TOPIC_swans: 'canards/#', MQTTREP_QOS_swans: '1', MQTTREP_QOS_ducks: '1' },
        'MQTTREP_TOPIC_swans',
        'is also the filter of MQTTREP_TOPIC_ducks',
      ],
      [
        { MQTTREP_PULISH_BLACKLIST_ducks: 'oslo' },
        'MQTTREP_PULISH_BLACKLIST_ducks',
        'MQTTREP_PUBLISH_BLACKLIST_ducks',
      ],
    ]);

    it('a single broker', () => {
      const warnings = warningsOf({}, { MQTTREP_CLIENT_oslo: 'mqtt://oslo', MQTTREP_TOPIC_a: 'a' });
      expect(warnings).to.have.lengthOf(1);
      expect(warnings[0]).to.include('MQTTREP_CLIENT_oslo: it is the only broker');
    });
  });
});
