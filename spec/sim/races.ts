/**
 * Clients write the same topics at brokers that may retain another value than they delivered last, if two write at once. All
 * brokers speak MQTT 5, so that only the rule for races can find that they differ.
 */

import fc from 'fast-check';
import type { History, Step } from './history.ts';

const latency = fc.constantFrom(0, 1, 5, 20, 60);

const step = (brokers: number): fc.Arbitrary<Step> =>
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('write'),
        broker: fc.nat({ max: brokers - 1 }),
        topic: fc.constantFrom('a', 'b'),
        payload: fc.constantFrom('', '0', '1', '2', '3'),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('wait'),
        milliseconds: fc.constantFrom(1, 5, 10, 20, 40, 150, 2_000),
      }),
    },
  );

export const races: fc.Arbitrary<History> = fc.integer({ min: 2, max: 3 }).chain(brokers =>
  fc.record({
    world: fc.record({
      brokers: fc.array(fc.record({ mqtt5: fc.constant(true), latency, races: fc.constant(true) }), {
        minLength: brokers,
        maxLength: brokers,
      }),
      mergeFrequency: fc.constantFrom(1, 10, 50),
      storeLatency: fc.constantFrom(0, 10),
    }),
    // The rule does not cover writes from before the subscription.
    steps: fc.array(step(brokers), { maxLength: 20 }).map((steps): Step[] => [{ kind: 'rest' }, ...steps]),
  }),
);
