/**
 * I13 while mqttrep may not read: the broker grants subscriptions and shows nothing. No client deletes anything. So all that was
 * written must still be retained in the end, and be equal once the scan has probed each topic.
 */

import fc from 'fast-check';
import type { History, Step } from './history.ts';
import { liveFlag, standstill } from './random-histories.ts';

const MAX_TOPICS = 4;

/** Milliseconds that are longer than the period of the scan. */
const SCAN_MS = 700_000;

export const lostRights: fc.Arbitrary<History> = fc.integer({ min: 2, max: 3 }).chain(count => {
  const broker = fc.nat({ max: count - 1 });
  const replicator = fc.constant(0);
  const topic = fc.integer({ min: 0, max: MAX_TOPICS - 1 }).map(index => `t${index}`);
  const event = fc.oneof<fc.WeightedArbitrary<Step>[]>(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('wait'), milliseconds: fc.constantFrom(50, 1_500) }),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ kind: 'wait', milliseconds: SCAN_MS }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('write'), broker, topic, payload: fc.constantFrom('x', 'y') }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'heal'), broker, replicator }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash'), replicator }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('suspend'), replicator, milliseconds: standstill }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('hide', 'show'),
        broker,
      }),
    },
  );
  return fc
    .record({
      brokers: fc.array(fc.record({ mqtt5: fc.boolean(), liveFlag, latency: fc.constantFrom(1, 20, 150) }), {
        minLength: count,
        maxLength: count,
      }),
      topics: fc.integer({ min: 1, max: MAX_TOPICS }),
      blind: broker,
      events: fc.array(event, { maxLength: 8 }),
    })
    .map(({ brokers, topics, blind, events }) => ({
      world: { brokers, mergeFrequency: 10 },
      steps: [
        ...Array.from(
          { length: topics },
          (_, index): Step => ({
            kind: 'write',
            broker: index % count,
            topic: `t${index}`,
            payload: 'first',
          }),
        ),
        { kind: 'rest' },
        { kind: 'hide', broker: blind },
        ...events,
      ],
    }));
});
