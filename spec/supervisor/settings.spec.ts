/** What the actors are started with says the same as the configuration, in indexes and sets. */

import { expect } from 'chai';
import {
  brokerSettings,
  rankOf,
  reconcilerSettings,
  subscriptionsOf,
} from '../../lib/supervisor/settings.ts';
import { accepted } from '../config/reading.ts';

const SITES = {
  MQTTREP_CLIENT_lima: 'mqtt://lima',
  MQTTREP_CLIENT_oslo: 'mqtt://oslo',
  MQTTREP_CLIENT_paris: 'mqtt://paris',
  MQTTREP_TOPIC_all: 'ducks/#',
  HOME: '/home/duck',
};

const read = (env: Readonly<Record<string, string>> = {}) => accepted(env, SITES);

function broker(name: string, env: Readonly<Record<string, string>> = {}) {
  const config = read(env);
  const found = config.brokers.find(one => one.name === name);
  if (found === undefined) throw new Error(`there is no broker ${name}`);
  return { config, broker: found };
}

describe('The settings of a broker actor', () => {
  it('are those of its broker', () => {
    const { config, broker: oslo } = broker('oslo', { MQTTREP_CONFIG_oslo: '{"keepalive":7,"maxQos":1}' });
    expect(brokerSettings(oslo, config, 'me')).to.deep.include({
      name: 'oslo',
      url: oslo.url,
      options: { keepalive: 7 },
      clientId: 'me',
      maxQos: 1,
      controlPrefix: 'mqttrep',
    });
  });

  const cases: readonly (readonly [
    name: string,
    env: Readonly<Record<string, string>>,
    subscriptions: readonly { filter: string; qos: number }[],
  ])[] = [
    ['has the default QoS', {}, [{ filter: 'ducks/#', qos: 1 }]],
    ['has the QoS of its filter', { MQTTREP_QOS_all: '2' }, [{ filter: 'ducks/#', qos: 2 }]],
    [
      'has no more than the broker offers',
      { MQTTREP_QOS_all: '2', MQTTREP_CONFIG_oslo: '{"maxQos":0}' },
      [{ filter: 'ducks/#', qos: 0 }],
    ],
    [
      'stands for narrower filters too, with the highest QoS of them',
      { MQTTREP_TOPIC_some: 'ducks/a/+', MQTTREP_QOS_some: '2' },
      [{ filter: 'ducks/#', qos: 2 }],
    ],
    [
      'of a narrower filter has the QoS of the broader one, which is not subscribed to',
      { MQTTREP_QOS_all: '2', MQTTREP_SUBSCRIBE_BLACKLIST_all: 'oslo', MQTTREP_TOPIC_some: 'ducks/a' },
      [{ filter: 'ducks/a', qos: 2 }],
    ],
    ['is none where the filter is not subscribed to', { MQTTREP_SUBSCRIBE_BLACKLIST_all: 'oslo' }, []],
  ];
  for (const [name, env, subscriptions] of cases) {
    it(`a subscription ${name}`, () => {
      const { config, broker: oslo } = broker('oslo', env);
      expect(subscriptionsOf(oslo, config)).to.have.deep.members(subscriptions);
    });
  }
});

describe('The settings of the reconciler', () => {
  const names = ['lima', 'oslo', 'paris'];

  it('name brokers by their index', () => {
    const env = { MQTTREP_SUBSCRIBE_BLACKLIST_all: 'lima', MQTTREP_PUBLISH_BLACKLIST_all: 'oslo' };
    const [filter] = reconcilerSettings(read(env), names).filters;
    expect(filter).to.deep.equal({ filter: 'ducks/#', subscribe: 0b110, publish: 0b101 });
  });

  it('have what a filter sets, times in milliseconds, and nothing of what it does not', () => {
    const env = { MQTTREP_RETAIN_all: 'true', MQTTREP_QOS_all: '0', MQTTREP_TTL_all: '60' };
    const [filter] = reconcilerSettings(read(env), names).filters;
    expect(filter).to.deep.equal({
      filter: 'ducks/#',
      retain: true,
      qos: 0,
      ttl: 60_000,
      subscribe: 0b111,
      publish: 0b111,
    });
  });
});

describe('The rank of a broker', () => {
  const order = (env: Readonly<Record<string, string>>) => {
    const { brokers } = read(env);
    return brokers.toSorted((a, b) => rankOf(b, brokers) - rankOf(a, brokers)).map(({ name }) => name);
  };

  it('is by its priority', () => {
    const env = { MQTTREP_CONFIG_paris: '{"priority":2}', MQTTREP_CONFIG_oslo: '{"priority":1}' };
    expect(order(env)).to.deep.equal(['paris', 'oslo', 'lima']);
  });

  it('is by its name where priorities are equal', () => {
    expect(order({})).to.deep.equal(['lima', 'oslo', 'paris']);
  });

  it('is different for each', () => {
    const { brokers } = read();
    expect(new Set(brokers.map(one => rankOf(one, brokers)))).to.have.property('size', 3);
  });
});
