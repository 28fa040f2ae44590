/** Reading an environment with few problems or none. */

import { expect } from 'chai';
import fc from 'fast-check';
import { DEFAULT_BOUNDS } from '../../lib/config/bounds.ts';
import { readConfig } from '../../lib/config/read-config.ts';
import { accepted, type Env, read, readFile, warningsOf } from './reading.ts';

describe('readConfig', () => {
  it('reads brokers and a topic, and completes them with the defaults', () => {
    expect(read({})).to.deep.equal({
      ok: true,
      warnings: [],
      config: {
        brokers: [
          { name: 'oslo', url: 'mqtt://oslo.example:1883', maxQos: 2, priority: 0, options: {} },
          { name: 'paris', url: 'mqtts://paris.example', maxQos: 2, priority: 0, options: {} },
        ],
        topics: [
          {
            id: 'ducks',
            filter: 'canards/#',
            subscribers: ['oslo', 'paris'],
            publishers: ['oslo', 'paris'],
          },
        ],
        mergeFrequency: 1,
        store: { kind: 'folder', path: '/home/duck/.local/state/mqttrep' },
        controlTopic: 'mqttrep',
        scanPeriod: 600,
        stateTopics: false,
        maxDrift: 60,
        deletionGuard: { topics: 10, percent: 5 },
        maps: [],
        exclusions: [],
        http: {
          host: '127.0.0.1',
          port: 9280,
          address: 'default',
          token: undefined,
          hidesPayloads: false,
        },
        bounds: DEFAULT_BOUNDS,
        log: { level: 'info', format: 'text' },
      },
    });
  });

  it('reads every variable', () => {
    const config = accepted({
      MQTTREP_CONFIG_oslo:
        '{"maxQos":1,"priority":7,"maxLevels":8,"maxTopicLength":256,"clientId":"me","keepalive":30,"unknown":[1]}',
      MQTTREP_TTL_ducks: '0.5',
      MQTTREP_RETAIN_ducks: 'true',
      MQTTREP_REPEAT_ducks: 'true',
      MQTTREP_QOS_ducks: '2',
      MQTTREP_NOSUB_ducks: 'false',
      MQTTREP_SUBSCRIBE_WHITELIST_ducks: 'oslo',
      MQTTREP_PUBLISH_BLACKLIST_ducks: 'oslo',
      MQTTREP_MERGE_FREQUENCY: '2.5',
      MQTTREP_LOG_LEVEL: 'debug',
      MQTTREP_LOG_FORMAT: 'json',
    });
    expect(config.brokers[0]).to.deep.equal({
      name: 'oslo',
      url: 'mqtt://oslo.example:1883',
      maxQos: 1,
      priority: 7,
      maxLevels: 8,
      maxTopicLength: 256,
      options: { clientId: 'me', keepalive: 30, unknown: [1] },
    });
    expect(config.topics).to.deep.equal([
      {
        id: 'ducks',
        filter: 'canards/#',
        ttl: 0.5,
        retain: true,
        repeat: true,
        qos: 2,
        subscribers: ['oslo'],
        publishers: ['paris'],
      },
    ]);
    expect(config.mergeFrequency).to.equal(2.5);
    expect(config.log).to.deep.equal({ level: 'debug', format: 'json' });
  });

  it('reads a deployment of the first version', () => {
    const env: Env = {
      MQTTREP_CLIENT_BrokerOslo: 'mqtts://oslo.example:8883',
      MQTTREP_CONFIG_BrokerOslo: '{"username":"duck","password":"quack","maxQos":1}',
      MQTTREP_CLIENT_BrokerParis: 'wss://user:pass@paris.example/mqtt',
      MQTTREP_CLIENT_BrokerQuebec: 'ws://quebec.example:8080',
      MQTTREP_TOPIC_ALL: 'canards/+',
      MQTTREP_TOPIC_NAME: 'canards/name',
      MQTTREP_NOSUB_NAME: 'true',
      MQTTREP_RETAIN_NAME: 'true',
      MQTTREP_TTL_ALL: '3600',
      MQTTREP_SUBSCRIBE_BLACKLIST_ALL: 'BrokerQuebec',
      MQTTREP_PULISH_BLACKLIST_ALL: 'BrokerParis, BrokerQuebec',
      MQTT_REPLICATOR_MERGE_FREQUENCY: '10',
    };
    const config = accepted(env, {});
    expect(config.mergeFrequency).to.equal(10);
    expect(config.topics).to.deep.equal([
      {
        id: 'ALL',
        filter: 'canards/+',
        ttl: 3600,
        subscribers: ['BrokerOslo', 'BrokerParis'],
        publishers: ['BrokerOslo'],
      },
      {
        id: 'NAME',
        filter: 'canards/name',
        retain: true,
        subscribers: [],
        publishers: ['BrokerOslo', 'BrokerParis', 'BrokerQuebec'],
      },
    ]);
    const warnings = warningsOf(env, {});
    expect(warnings).to.have.lengthOf(2);
    expect(warnings[0]).to.include('rename it to MQTTREP_PUBLISH_BLACKLIST_ALL');
    expect(warnings[1]).to.include('rename it to MQTTREP_MERGE_FREQUENCY');
  });

  it('lets MQTTREP_MERGE_FREQUENCY win over the name of the first version', () => {
    const env = { MQTT_REPLICATOR_MERGE_FREQUENCY: '10', MQTTREP_MERGE_FREQUENCY: '5' };
    expect(accepted(env).mergeFrequency).to.equal(5);
    expect(warningsOf(env)).to.deep.equal([]);
  });

  it('sorts brokers by name and topics by id', () => {
    const config = accepted({ MQTTREP_CLIENT_Athens: 'ws://a.example', MQTTREP_TOPIC_a: 'a' });
    expect(config.brokers.map(broker => broker.name)).to.deep.equal(['Athens', 'oslo', 'paris']);
    expect(config.topics.map(topic => topic.id)).to.deep.equal(['a', 'ducks']);
  });

  it('reads yes, on and 1 as true, and no, off and 0 as false, in any case', () => {
    const retain = (text: string) => accepted({ MQTTREP_RETAIN_ducks: text }).topics[0]?.retain;
    for (const text of ['true', 'TRUE', 'yes', 'On', '1', ' true '])
      expect(retain(text), text).to.equal(true);
    for (const text of ['false', 'False', 'no', 'OFF', '0']) expect(retain(text), text).to.equal(false);
  });

  it('counts an empty value as unset, and trims the others', () => {
    const config = accepted({
      MQTTREP_TTL_ducks: '',
      MQTTREP_QOS_ducks: ' ',
      MQTTREP_QOS_nobody: '',
      MQTTREP_CONFIG_oslo: '',
      MQTTREP_CONFIG_oslo_FILE: '',
      MQTTREP_CONFIG_nobody: '',
      MQTTREP_LOG_LEVEL: ' warn ',
      MQTTREP_MERGE_FREQUENCY: '',
      MQTTREP_PUBLISH_WHITELIST_ducks: ' oslo , paris ,',
    });
    expect(config).to.deep.equal({ ...accepted({}), log: { level: 'warn', format: 'text' } });
  });

  it('subtracts the blacklist from the whitelist', () => {
    const config = accepted({
      MQTTREP_PUBLISH_WHITELIST_ducks: 'oslo,paris',
      MQTTREP_PUBLISH_BLACKLIST_ducks: 'paris',
    });
    expect(config.topics[0]?.publishers).to.deep.equal(['oslo']);
  });

  it('reads a configuration from a file', () => {
    const config = accepted({ MQTTREP_CONFIG_oslo_FILE: '/run/oslo.json' });
    expect(config.brokers[0]?.options).to.deep.equal({ username: 'oslo' });
  });

  it('reads CONFIG_oslo_FILE as the configuration of the broker oslo_FILE, if there is such a broker', () => {
    const config = accepted({
      MQTTREP_CLIENT_oslo_FILE: 'ws://other.example',
      MQTTREP_CONFIG_oslo_FILE: '{"keepalive":1}',
    });
    expect(config.brokers[0]?.options).to.deep.equal({});
    expect(config.brokers[1]?.options).to.deep.equal({ keepalive: 1 });
  });

  it('takes a client id from the query of the url, as MQTT.js does', () => {
    const config = accepted({ MQTTREP_CLIENT_oslo: 'mqtt://oslo.example?clientId=me' });
    expect(config.brokers[0]?.options.clientId).to.equal('me');
  });

  it('ignores the options that would break the replication', () => {
    const env = { MQTTREP_CONFIG_oslo: '{"resubscribe":false,"bridgeMode":true,"keepalive":9}' };
    expect(accepted(env).brokers[0]?.options).to.deep.equal({ keepalive: 9 });
    expect(warningsOf(env)).to.have.lengthOf(2);
    expect(warningsOf(env).join()).to.include('`bridgeMode` is ignored');
  });

  it('accepts names that every object of JavaScript has', () => {
    const config = accepted({
      MQTTREP_CLIENT___proto__: 'ws://a.example',
      MQTTREP_CLIENT_constructor: 'ws://b.example',
      MQTTREP_TOPIC___proto__: 'a',
      MQTTREP_PUBLISH_WHITELIST___proto__: '__proto__,constructor',
    });
    expect(config.brokers.map(broker => broker.name)).to.include.members(['__proto__', 'constructor']);
    expect(config.topics[0]?.publishers).to.deep.equal(['__proto__', 'constructor']);
  });

  it("ignores variables that are not mqttrep's", () => {
    expect(read({ PATH: '/bin', EDITOR: '', MQTT_URL: 'x', mqttrep_client_x: 'x' })).to.deep.equal(read({}));
  });

  it('returns plain data, which can be sent to a worker thread', () => {
    const config = accepted({
      MQTTREP_CONFIG_oslo: '{"will":{"topic":"a","payload":"b"},"ca":["x"],"constructor":1}',
    });
    expect(structuredClone(config)).to.deep.equal(config);
  });

  it('distinguishes brokers that have the same host and different ports in their options', () => {
    expect(
      warningsOf({ MQTTREP_CLIENT_copy: 'mqtt://oslo.example', MQTTREP_CONFIG_copy: '{"port":1884}' }),
    ).to.deep.equal([]);
  });

  it('removes quotes around a value before it reads the value', () => {
    expect(accepted({ MQTTREP_TOPIC_ducks: '"canards/#"' })).to.deep.equal(accepted({}));
  });

  it('reports all problems at once, sorted by variable', () => {
    const result = read({
      MQTTREP_TTL_ducks: '-1',
      MQTTREP_CLIENT_oslo: 'tcp://oslo',
      MQTTREP_QOS_ducks: '9',
      MQTTREP_ZZZZZ: '',
      MQTTREP_AAAAA: '',
      MQTTREP_CONFIG_paris: '{"maxQos":9,"priority":-9}',
    });
    expect(result.ok ? [] : result.errors.map(error => error.variable)).to.deep.equal([
      'MQTTREP_CLIENT_oslo',
      'MQTTREP_CONFIG_paris',
      'MQTTREP_CONFIG_paris',
      'MQTTREP_QOS_ducks',
      'MQTTREP_TTL_ducks',
    ]);
    expect(result.warnings.map(warning => warning.variable)).to.deep.equal([
      'MQTTREP_AAAAA',
      'MQTTREP_ZZZZZ',
    ]);
  });

  it('never throws, whatever the values', () => {
    const variables = [
      'CLIENT_a',
      'CLIENT_b',
      'CONFIG_a',
      'CONFIG_a_FILE',
      'TOPIC_a',
      'TOPIC_b',
      'TTL_a',
      'QOS_b',
      'RETAIN_a',
      'NOSUB_b',
      'PUBLISH_WHITELIST_a',
      'PULISH_BLACKLIST_a',
      'MERGE_FREQUENCY',
      'LOG_LEVEL',
      'SOMETHING',
    ].map(name => `MQTTREP_${name}`);
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.webUrl(),
      fc.constantFrom('1', '#', 'a,b'),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...variables), value), env => {
        const result = readConfig(env, readFile);
        if (result.ok) expect(structuredClone(result.config)).to.deep.equal(result.config);
        else expect(result.errors).not.to.have.lengthOf(0);
      }),
    );
  });
  it('takes several addresses of one broker', () => {
    const [oslo] = accepted({
      MQTTREP_CLIENT_oslo: 'mqtt://a:b,c@one  mqtts://two,ws://three mqtt://a:b,c@one',
      MQTTREP_CONFIG_oslo: '{"returnAfter":5}',
    }).brokers;
    expect(oslo).to.deep.include({
      url: 'mqtt://a:b,c@one',
      otherUrls: ['mqtts://two', 'ws://three'],
      returnAfter: 5,
    });
  });
});
