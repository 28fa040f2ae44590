/** Reading an environment with few problems or none. */

import { expect } from 'chai';
import { DEFAULT_BOUNDS } from '../../lib/config/bounds.ts';
import { PROCESS_DEFAULTS } from '../../lib/config/defaults.ts';
import { accepted, type Env, read, warningsOf } from './reading.ts';

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
        mapHomeAssistant: false,
        maps: [],
        exclusions: [],
        heartbeat: 10,
        homeAssistant: undefined,
        http: {
          host: '127.0.0.1',
          port: 9280,
          address: 'default',
          token: undefined,
          hosts: [],
          hidesPayloads: false,
          allowsActions: false,
        },
        events: PROCESS_DEFAULTS.events,
        bounds: DEFAULT_BOUNDS,
        log: { level: 'info', format: 'text' },
      },
    });
  });

  it('reads every variable', () => {
    const config = accepted({
      MQTTREP_CONFIG_oslo:
        '{"maxQos":1,"priority":7,"maxLevels":8,"maxTopicLength":256,"maxRate":50,"clientId":"me","keepalive":30,"unknown":[1]}',
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
      maxRate: 50,
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

  it("ignores variables that are not mqttrep's", () => {
    expect(read({ PATH: '/bin', EDITOR: '', MQTT_URL: 'x', mqttrep_client_x: 'x' })).to.deep.equal(read({}));
  });

  it('distinguishes brokers that have the same host and different ports in their options', () => {
    expect(
      warningsOf({ MQTTREP_CLIENT_copy: 'mqtt://oslo.example', MQTTREP_CONFIG_copy: '{"port":1884}' }),
    ).to.deep.equal([]);
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
