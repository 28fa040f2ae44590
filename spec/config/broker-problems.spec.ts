/** The errors for a broker whose address, name or options are wrong. */

import { expect } from 'chai';
import { areErrors, type Case } from './problem-cases.ts';
import { errorsOf, read } from './reading.ts';

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
      ...['password', 'passwordCommand'].map(
        (option): Case => [
          { MQTTREP_CONFIG_oslo: JSON.stringify({ [option]: 's3cret' }) },
          'MQTTREP_CONFIG_oslo',
          `\`${option}\` is given without a user name`,
          'give `username`, too',
        ],
      ),
      [
        { MQTTREP_CONFIG_oslo: '{"awsSigV4":"Europe"}' },
        'MQTTREP_CONFIG_oslo',
        'give `awsSigV4` as true, or a region such as "eu-west-1"',
      ],
      [
        { MQTTREP_CONFIG_oslo: '{"awsSigV4":true}' },
        'MQTTREP_CONFIG_oslo',
        'is no websocket',
        'begin the URL of the broker with wss://',
      ],
      [
        { MQTTREP_CLIENT_oslo: 'wss://oslo', MQTTREP_CONFIG_oslo: '{"awsSigV4":true}' },
        'MQTTREP_CONFIG_oslo',
        'tells no region',
        '"awsSigV4":"eu-west-1"',
      ],
      ...['proxy:1080', 'https://a:1', 'http://', 'socks5://a/path', 'http://u:%zz@a:1', ''].map(
        (proxy): Case => [
          { MQTTREP_CONFIG_oslo: JSON.stringify({ proxy }) },
          'MQTTREP_CONFIG_oslo',
          'give `proxy` as a URL such as socks5://proxy:1080',
        ],
      ),
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
      config('{"profile":"aws"}', '`profile` is "aws"', 'aws-iot, event-grid or hivemq-cloud'),
      config('{"maxQos":3}', '`maxQos` is 3', '0, 1 or 2'),
      config('{"maxLevels":0}', '`maxLevels` is 0', 'a whole number from 1 to 65536'),
      config(
        '{"maxTopicLength":70000}',
        '`maxTopicLength` is 70000',
        'a whole number of bytes from 1 to 65535',
      ),
      config('{"maxRate":0}', '`maxRate` is 0', 'a whole number of messages a second from 1 to 1000000'),
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
});
