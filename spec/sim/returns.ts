/**
 * Brokers return and differ from what they held, and clients write again while probes are open. All brokers speak MQTT 5, where
 * no inference is needed.
 */

import fc from 'fast-check';
import type { History, Step } from './history.ts';

const BROKERS = 2;

const broker = fc.nat({ max: BROKERS - 1 });
const payload = fc.constantFrom('', 'x', 'y');
const latency = fc.constantFrom(0, 5, 20, 60);

const write = fc.record({ kind: fc.constant('write'), broker, topic: fc.constant('t'), payload });
const wait = fc.record({ kind: fc.constant('wait'), milliseconds: fc.constantFrom(1, 5, 10, 20, 40, 150) });

export const returns: fc.Arbitrary<History> = fc
  .record({
    world: fc.record({
      brokers: fc.array(fc.record({ mqtt5: fc.constant(true), latency }), {
        minLength: BROKERS,
        maxLength: BROKERS,
      }),
      mergeFrequency: fc.constantFrom(10, 50),
      storeLatency: fc.constantFrom(0, 10),
    }),
    away: broker,
    during: fc.array(write, { maxLength: 3 }),
    returned: fc.array(
      fc.oneof<fc.WeightedArbitrary<Step>[]>({ weight: 1, arbitrary: write }, { weight: 2, arbitrary: wait }),
      {
        maxLength: 12,
      },
    ),
  })
  .map(({ world, away, during, returned }) => ({
    world,
    steps: [
      { kind: 'write', broker: 0, topic: 't', payload: 'before' },
      { kind: 'rest' },
      { kind: 'cut', broker: away, replicator: 0 },
      ...during,
      { kind: 'heal', broker: away, replicator: 0 },
      ...returned,
    ],
  }));
