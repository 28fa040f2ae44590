/** Random steps in any order. In the end all brokers must hold the same, and only messages that clients wrote. */

import fc from 'fast-check';
import type { LiveFlag } from '../../lib/broker/capabilities/live-flag-test.ts';
import { ACCESS_STEPS, type History, LINK_STEPS, type Step } from './history.ts';
import { UNUSUAL_PROPERTIES } from './odd-properties.ts';

const TOPICS = ['a', 'b'] as const;
// Few payloads, so that clients often write a pending value, and toggle.
const PAYLOADS = ['0', '1', '2'] as const;

const latency = fc.constantFrom(0, 1, 5, 40, 150, 300);
const milliseconds = fc.constantFrom(1, 20, 60, 150, 400, 2_000);

/** Drifts that another replicator believes, larger ones, that of a machine without a battery, and 2099. */
export const ahead = fc.constantFrom(0, 20_000, -20_000, 90_000, -90_000, 2.3e12, -1.7e12);

/** Milliseconds, less than a second, by which a killed broker rolls back. */
export const moment = fc.constantFrom(50, 200, 500, 900);

/** Milliseconds after which the packets of a process that was killed arrive. */
export const lingering = fc.constantFrom(1, 50, 400, 2_000);

/** Milliseconds for which a machine is suspended. */
export const standstill = fc.constantFrom(200, 3_000, 20_000);

/** Some brokers are published to at QoS 0. */
export const qos0 = fc.constantFrom(false, false, false, true);

type Weighted = [weight: number, arbitrary: fc.Arbitrary<Step>];

function kind<K extends Step['kind']>(name: K) {
  return fc.constant(name);
}

/** Steps of clients and brokers. */
function atBrokers(brokers: number): Weighted[] {
  const broker = fc.nat({ max: brokers - 1 });
  const topic = fc.constantFrom(...TOPICS);
  const payload = fc.constantFrom(...PAYLOADS);
  return [
    [24, fc.record({ kind: kind('write'), broker, topic, payload })],
    [6, fc.record({ kind: kind('write'), broker, topic, payload: fc.constant('') })],
    [3, fc.record({ kind: kind('pass'), broker, topic: fc.constantFrom('p', ...TOPICS), payload })],
    [2, fc.record({ kind: kind('pass'), broker, topic, payload: fc.constant('') })],
    [1, fc.record({ kind: kind('forge'), broker, topic, payload, ahead })],
    [1, fc.record({ kind: kind('copy'), broker, topic, payload })],
    [24, fc.record({ kind: kind('wait'), milliseconds })],
    [1, fc.record({ kind: fc.constantFrom(...ACCESS_STEPS), broker, topic })],
    [1, fc.record({ kind: kind('wipe'), broker })],
    [1, fc.record({ kind: kind('autosave'), broker })],
    [1, fc.record({ kind: kind('go back'), broker })],
  ];
}

/** Steps of replicators and their connections. */
function atReplicators(brokers: number, replicators: number): Weighted[] {
  const broker = fc.nat({ max: brokers - 1 });
  const replicator = fc.nat({ max: replicators - 1 });
  return [
    [8, fc.record({ kind: fc.constantFrom(...LINK_STEPS), broker, replicator })],
    [3, fc.record({ kind: kind('lag'), broker, replicator, latency })],
    [1, fc.record({ kind: kind('drop'), broker, replicator, count: fc.integer({ min: 1, max: 3 }) })],
    [3, fc.record({ kind: kind('crash'), replicator })],
    [1, fc.record({ kind: kind('lose store'), replicator })],
    [1, fc.record({ kind: kind('clock'), replicator, ahead })],
  ];
}

/** The weight of common steps against rare faults. */
const COMMON_WEIGHT = 4;

/** Rare faults of brokers and replicators. */
function rareFaults(brokers: number, replicators: number): Weighted[] {
  const broker = fc.nat({ max: brokers - 1 });
  const replicator = fc.nat({ max: replicators - 1 });
  const topic = fc.constantFrom(...TOPICS);
  const payload = fc.constantFrom(...PAYLOADS);
  const properties = fc.constantFrom(...UNUSUAL_PROPERTIES);
  return [
    [2, fc.record({ kind: kind('go back'), broker, milliseconds: moment })],
    [2, fc.record({ kind: kind('evict'), broker, topic })],
    [2, fc.record({ kind: kind('crash'), replicator, lingering })],
    [2, fc.record({ kind: kind('suspend'), replicator, milliseconds: standstill })],
    [2, fc.record({ kind: kind('write'), broker, topic, payload, properties })],
  ];
}

/** What a broker does with the retain flag over MQTT 5; most keep it. */
export const liveFlag = fc.constantFrom<LiveFlag[]>('as published', 'as published', 'dropped');

interface Size {
  readonly brokers: { readonly min: number; readonly max: number };
  readonly mqtt5: fc.Arbitrary<boolean>;
  readonly replicators: { readonly min: number; readonly max: number };
  readonly steps: number;
}

function histories({ brokers, mqtt5, replicators, steps }: Size): fc.Arbitrary<History> {
  return fc.tuple(fc.integer(brokers), fc.integer(replicators)).chain(([brokerCount, replicatorCount]) => {
    const common = [...atBrokers(brokerCount), ...atReplicators(brokerCount, replicatorCount)];
    const step = fc.oneof(
      ...common.map(([weight, arbitrary]) => ({ weight: COMMON_WEIGHT * weight, arbitrary })),
      ...rareFaults(brokerCount, replicatorCount).map(([weight, arbitrary]) => ({ weight, arbitrary })),
    );
    return fc.record({
      world: fc.record(
        {
          brokers: fc.array(
            fc.record({
              mqtt5,
              liveFlag: replicatorCount === 1 ? liveFlag : fc.constant<LiveFlag>('as published'),
              latency,
              qos0,
            }),
            {
              minLength: brokerCount,
              maxLength: brokerCount,
            },
          ),
          clocks: fc.array(ahead, { minLength: replicatorCount, maxLength: replicatorCount }),
          queue: fc.integer({ min: 1, max: 5 }),
          mergeFrequency: fc.constantFrom(1, 10, 50),
          storeLatency: fc.constantFrom(0, 1, 30),
        },
        { requiredKeys: ['brokers', 'clocks', 'mergeFrequency', 'storeLatency'] },
      ),
      steps: fc.array(step, { maxLength: steps }),
    });
  });
}

/** One replicator, brokers of either protocol. */
export const randomHistories: fc.Arbitrary<History> = histories({
  brokers: { min: 2, max: 4 },
  mqtt5: fc.boolean(),
  replicators: { min: 1, max: 1 },
  steps: 40,
});

/** Several replicators, which converge over MQTT 5. */
export const severalReplicators: fc.Arbitrary<History> = histories({
  brokers: { min: 2, max: 3 },
  mqtt5: fc.constant(true),
  replicators: { min: 2, max: 3 },
  steps: 40,
});
