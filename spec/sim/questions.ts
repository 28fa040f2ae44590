/**
 * Empty transient messages, by which clients ask a device for its state, among writes and cuts. No client deletes the topic `a`,
 * so it must be retained in the end. The topic `b` is deleted as well.
 */

import fc from 'fast-check';
import type { History, Step } from './history.ts';
import { liveFlag, qos0 } from './random-histories.ts';

const latency = fc.constantFrom(0, 5, 60, 200);

export const questions: fc.Arbitrary<History> = fc.integer({ min: 2, max: 3 }).chain(count => {
  const broker = fc.nat({ max: count - 1 });
  const topic = fc.constantFrom('a', 'b');
  const payload = fc.constantFrom('0', '1', '2');
  const milliseconds = fc.constantFrom(1, 15, 60, 110, 300, 1_500, 12_000);
  const replicator = fc.constant(0);
  const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('write'), broker, topic, payload }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('write'),
        broker,
        topic: fc.constant('b'),
        payload: fc.constant(''),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('pass'), broker, topic, payload: fc.constant('') }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass'), broker, topic, payload }) },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('wait'), milliseconds }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'heal'), broker, replicator }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash'), replicator }) },
  );
  return fc.record({
    world: fc.record({
      brokers: fc.array(fc.record({ mqtt5: fc.boolean(), liveFlag, latency, qos0 }), {
        minLength: count,
        maxLength: count,
      }),
      mergeFrequency: fc.constantFrom(1, 10, 50),
      storeLatency: fc.constantFrom(1, 30),
    }),
    steps: fc.array(step, { maxLength: 30 }),
  });
});
