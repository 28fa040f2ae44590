/** The policy of a topic: the most specific filter decides a setting; one filter that forbids a broker is enough. */

import { expect } from 'chai';
import fc from 'fast-check';
import { matches } from '../../lib/core/filter.ts';
import { DEFAULT_CHAIN, type MergeChain } from '../../lib/core/merge-chain.ts';
import { DEFAULT_QOS, type FilterSettings, has, Policies, type QoS } from '../../lib/core/policy.ts';
import { anyFilter, anyTopic } from './filters.ts';

const ALL = 0b111;
const BROKERS = 3;

function filter(name: string, settings: Partial<FilterSettings> = {}): FilterSettings {
  return { filter: name, subscribe: ALL, publish: ALL, ...settings };
}

function policyOf(topic: string, ...filters: FilterSettings[]) {
  return new Policies(filters, BROKERS).of(topic);
}

describe('The policy of a topic', () => {
  it('has a default for each setting that no filter sets', () => {
    expect(policyOf('a', filter('#'))).to.include({
      retain: false,
      repeat: false,
      qos: DEFAULT_QOS,
      ttl: 0,
      publish: ALL,
      echo: ALL,
    });
  });

  it('permits no broker if no filter matches', () => {
    expect(policyOf('b', filter('a'))).to.include({ publish: 0, echo: 0 });
  });

  const filters = [
    filter('#', { retain: true, qos: 2, ttl: 1_000 }),
    filter('a/#', { qos: 0 }),
    filter('a/+', { ttl: 2_000 }),
    filter('a/b', { retain: false, ttl: 0 }),
  ];
  const decided: readonly (readonly [topic: string, retain: boolean, qos: QoS, ttl: number])[] = [
    ['c', true, 2, 1_000],
    ['a', true, 0, 1_000],
    ['a/c', true, 0, 2_000],
    ['a/b', false, 0, 0],
    ['a/b/c', true, 0, 1_000],
  ];
  for (const [topic, retain, qos, ttl] of decided) {
    it(`takes each setting from the most specific filter that sets it: ${topic}`, () => {
      expect(policyOf(topic, ...filters)).to.include({ retain, qos, ttl });
      expect(policyOf(topic, ...filters.toReversed())).to.include({ retain, qos, ttl });
    });
  }

  const permissions: readonly (readonly [string, publish: readonly number[], expected: number])[] = [
    ['all allow', [0b111, 0b111], 0b111],
    ['the specific one forbids', [0b111, 0b101], 0b101],
    ['the broad one forbids', [0b101, 0b111], 0b101],
    ['each forbids another', [0b110, 0b011], 0b010],
  ];
  for (const [name, [broad = 0, specific = 0], expected] of permissions) {
    it(`permits a broker unless some filter forbids it: ${name}`, () => {
      const policy = policyOf('a/b', filter('a/#', { publish: broad }), filter('a/b', { publish: specific }));
      expect(policy.publish).to.equal(expected);
    });
  }

  it('permits no broker for which the topic is excluded, and takes nothing from it', () => {
    const exclusion = filter('a/#', { subscribe: 0, exclude: 0b010 });
    expect(policyOf('a/b', filter('#'), exclusion)).to.include({ publish: 0b101, echo: 0b101 });
    expect(policyOf('c', filter('#'), exclusion)).to.include({ publish: ALL, echo: ALL });
  });

  it('permits no broker for a topic of which only an exclusion says something', () => {
    const exclusion = filter('a/#', { subscribe: 0, exclude: 0b010 });
    expect(policyOf('a', filter('b'), exclusion)).to.include({ publish: 0, echo: 0 });
  });

  it('expects an echo at each broker where a filter is subscribed', () => {
    const policy = policyOf('a', filter('#', { subscribe: 0b001 }), filter('a', { subscribe: 0b100 }));
    expect(policy.echo).to.equal(0b101);
  });

  const overlaps: readonly (readonly [name: string, filters: FilterSettings[], twice: number])[] = [
    [
      'two filters overlap',
      [filter('a/+', { subscribe: 0b011 }), filter('+/b', { subscribe: 0b110 })],
      0b010,
    ],
    ['one covers the other', [filter('a/#'), filter('a/+')], 0],
    ['only one matches', [filter('a/+'), filter('+/c')], 0],
    ['one is not subscribed', [filter('a/+'), filter('+/b', { subscribe: 0 })], 0],
    [
      'the topic is excluded at one of them',
      [filter('a/+'), filter('+/b'), filter('a/b', { subscribe: 0, exclude: 0b010 })],
      0b101,
    ],
  ];
  for (const [name, filters, twice] of overlaps) {
    it(`knows the brokers that deliver messages twice: ${name}`, () => {
      expect(policyOf('a/b', ...filters).twice).to.equal(twice);
    });
  }

  it('is one object for all topics that match the same filters', () => {
    const policies = new Policies([filter('#'), filter('a/+')], BROKERS);
    expect(policies.of('a/1')).to.equal(policies.of('a/2'));
    expect(policies.of('b')).to.equal(policies.of('c/d'));
    expect(policies.of('b')).not.to.equal(policies.of('a/1'));
  });

  it('has its merge chain compiled once, however many policies use the chain', () => {
    const compiled: MergeChain[] = [];
    const policies = new Policies([filter('#'), filter('a/+'), filter('a/1')], BROKERS, chain => {
      compiled.push(chain);
      return () => 0;
    });
    for (const topic of ['b', 'a/1', 'a/2']) policies.of(topic);
    expect(compiled).to.deep.equal([DEFAULT_CHAIN]);
  });

  it('permits no broker that a matching filter forbids, whatever the filters', () => {
    const settings = fc.record({ filter: anyFilter, subscribe: fc.nat(ALL), publish: fc.nat(ALL) });
    fc.assert(
      fc.property(fc.array(settings, { maxLength: 5 }), anyTopic, (all, topic) => {
        const { publish, echo } = new Policies(all, BROKERS).of(topic);
        const matching = all.filter(one => matches(one.filter, topic));
        for (let broker = 0; broker < BROKERS; broker++) {
          const permitted = matching.length > 0 && matching.every(one => has(one.publish, broker));
          expect(has(publish, broker)).to.equal(permitted);
          expect(has(echo, broker)).to.equal(matching.some(one => has(one.subscribe, broker)));
        }
      }),
    );
  });
});

describe('The policy of a filter', () => {
  const filters = [filter('#', { ttl: 1_000 }), filter('a/#', { qos: 2 }), filter('a/b', { retain: true })];

  it('combines the filter and broader ones, but no narrower ones', () => {
    const policies = new Policies(filters, BROKERS);
    expect(policies.covering('a/+')).to.include({ ttl: 1_000, qos: 2, retain: false });
    expect(policies.covering('a/b')).to.include({ ttl: 1_000, qos: 2, retain: true });
    expect(policies.covering('+')).to.include({ ttl: 1_000, qos: DEFAULT_QOS });
  });

  it('is that of the topic if the filter has no wildcards', () => {
    fc.assert(
      fc.property(fc.array(anyFilter, { maxLength: 4 }), anyTopic, (names, topic) => {
        const policies = new Policies(
          names.map(name => filter(name)),
          BROKERS,
        );
        expect(policies.covering(topic)).to.equal(policies.of(topic));
      }),
    );
  });
});
