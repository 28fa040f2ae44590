/** Anything may happen, in any order. What must come out is equality, and nothing that nobody wrote. */

import fc from 'fast-check';
import type { History, Step } from './history.ts';

// Retained messages on `a` and `b`, passing ones on `p`: over MQTT 3.1.1 a topic is one or the other.
const TOPICS = ['a', 'b'] as const;
// Few payloads, so that clients often write what is in flight, and toggle.
const PAYLOADS = ['0', '1', '2'] as const;

const latency = fc.constantFrom(0, 1, 5, 40, 150, 300);
const milliseconds = fc.constantFrom(1, 20, 60, 150, 400, 2_000);

function step(brokers: number): fc.Arbitrary<Step> {
  const broker = fc.nat({ max: brokers - 1 });
  const topic = fc.constantFrom(...TOPICS);
  const payload = fc.constantFrom(...PAYLOADS);
  const kind = <K extends Step['kind']>(name: K) => fc.constant(name);
  const weighted: [weight: number, arbitrary: fc.Arbitrary<Step>][] = [
    [24, fc.record({ kind: kind('write'), broker, topic, payload })],
    [6, fc.record({ kind: kind('write'), broker, topic, payload: fc.constant('') })],
    [3, fc.record({ kind: kind('pass'), broker, topic: fc.constant('p'), payload })],
    [24, fc.record({ kind: kind('wait'), milliseconds })],
    [3, fc.record({ kind: kind('cut'), broker })],
    [3, fc.record({ kind: kind('heal'), broker })],
    [3, fc.record({ kind: kind('lag'), broker, latency })],
    [1, fc.record({ kind: kind('wipe'), broker })],
    [1, fc.record({ kind: kind('autosave'), broker })],
    [1, fc.record({ kind: kind('go back'), broker })],
    [2, fc.record({ kind: kind('crash') })],
  ];
  return fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

export const randomHistories: fc.Arbitrary<History> = fc.integer({ min: 2, max: 4 }).chain(count =>
  fc.record({
    world: fc.record({
      brokers: fc.array(fc.record({ mqtt5: fc.boolean(), latency }), { minLength: count, maxLength: count }),
      mergeFrequency: fc.constantFrom(1, 10, 50),
      storeLatency: fc.constantFrom(0, 1, 30),
    }),
    steps: fc.array(step(count), { maxLength: 40 }),
  }),
);
