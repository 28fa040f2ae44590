/** The settings of the actors say the same as the configuration, in indexes and sets. */

import { expect } from 'chai';
import { planSlots } from '../../lib/supervisor/broker-slot.ts';
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

describe('brokerSettings', () => {
  it('returns the settings of the broker', () => {
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
    ['a subscription has the default QoS', {}, [{ filter: 'ducks/#', qos: 1 }]],
    ['a subscription has the QoS of its filter', { MQTTREP_QOS_all: '2' }, [{ filter: 'ducks/#', qos: 2 }]],
    [
      'a subscription has no higher QoS than the broker supports',
      { MQTTREP_QOS_all: '2', MQTTREP_CONFIG_oslo: '{"maxQos":0}' },
      [{ filter: 'ducks/#', qos: 0 }],
    ],
    [
      'a subscription covers narrower filters, with the highest QoS of them',
      { MQTTREP_TOPIC_some: 'ducks/a/+', MQTTREP_QOS_some: '2' },
      [{ filter: 'ducks/#', qos: 2 }],
    ],
    [
      'a narrower filter takes the QoS of a broader one that is not subscribed to',
      { MQTTREP_QOS_all: '2', MQTTREP_SUBSCRIBE_BLACKLIST_all: 'oslo', MQTTREP_TOPIC_some: 'ducks/a' },
      [{ filter: 'ducks/a', qos: 2 }],
    ],
    [
      'there is no subscription at a broker on the blacklist',
      { MQTTREP_SUBSCRIBE_BLACKLIST_all: 'oslo' },
      [],
    ],
  ];
  for (const [name, env, subscriptions] of cases) {
    it(name, () => {
      const { config, broker: oslo } = broker('oslo', env);
      expect(subscriptionsOf(oslo, config)).to.have.deep.members(subscriptions);
    });
  }
});

describe('planSlots', () => {
  const [url, options, account] = ['a', 'b', 'b or a'];

  it('keeps the connection of a broker whose settings move to another place, and knows the place', () => {
    const before = read();
    const known = new Map(planSlots(before, 'replicate', 'p').map(({ slot }) => [slot.name, slot]));
    const brokers = before.brokers.map(each => ({ ...each, places: { url, options, account } }));
    for (const { slot, settings } of planSlots({ ...before, brokers }, 'replicate', 'p', known)) {
      expect(slot).to.equal(known.get(slot.name));
      slot.change(settings);
      expect(slot.settings.places).to.deep.equal({ url, options, account });
    }
  });
});

describe('reconcilerSettings', () => {
  const names = ['lima', 'oslo', 'paris'];

  it('replaces the names of brokers by their indexes', () => {
    const env = { MQTTREP_SUBSCRIBE_BLACKLIST_all: 'lima', MQTTREP_PUBLISH_BLACKLIST_all: 'oslo' };
    const [filter] = reconcilerSettings(read(env), names).filters;
    expect(filter).to.deep.equal({ filter: 'ducks/#', subscribe: 0b110, publish: 0b101 });
  });

  it('holds what a filter sets, times in milliseconds, and nothing else', () => {
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

describe('rankOf', () => {
  const order = (env: Readonly<Record<string, string>>) => {
    const { brokers } = read(env);
    return brokers.toSorted((a, b) => rankOf(b, brokers) - rankOf(a, brokers)).map(({ name }) => name);
  };

  it('orders brokers by their priority', () => {
    const env = { MQTTREP_CONFIG_paris: '{"priority":2}', MQTTREP_CONFIG_oslo: '{"priority":1}' };
    expect(order(env)).to.deep.equal(['paris', 'oslo', 'lima']);
  });

  it('orders brokers of equal priority by their names', () => {
    expect(order({})).to.deep.equal(['lima', 'oslo', 'paris']);
  });

  it('is different for each broker', () => {
    const { brokers } = read();
    expect(new Set(brokers.map(one => rankOf(one, brokers)))).to.have.property('size', 3);
  });
});
