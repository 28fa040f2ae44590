/**
 * I5 with late packets: mqttrep is killed and started again while publishes from before still travel. Each topic has one writer,
 * which counts. In the end all brokers must hold the last number.
 */

import fc from 'fast-check';
import type { History, Step } from './history.ts';
import { lingering } from './random-histories.ts';

const BROKERS = 2;

const latency = fc.constantFrom(5, 60, 200, 400);
const wait = fc.record({
  kind: fc.constant('wait'),
  milliseconds: fc.constantFrom(1, 20, 60, 150, 400, 1_500),
});
const crash = fc.record({ kind: fc.constant('crash'), replicator: fc.constant(0), lingering });
const count = fc.record({ kind: fc.constant('count'), topic: fc.nat({ max: BROKERS - 1 }) });

type Draft = Exclude<Step, { kind: 'write' | 'pass' }> | { readonly kind: 'count'; readonly topic: number };

export const latePackets: fc.Arbitrary<History> = fc
  .record({
    brokers: fc.array(fc.record({ mqtt5: fc.boolean(), latency }), {
      minLength: BROKERS,
      maxLength: BROKERS,
    }),
    mergeFrequency: fc.constantFrom(10, 50),
    storeLatency: fc.constantFrom(1, 30),
    drafts: fc.array(
      fc.oneof<fc.WeightedArbitrary<Draft>[]>(
        { weight: 3, arbitrary: count },
        { weight: 3, arbitrary: wait },
        { weight: 1, arbitrary: crash },
      ),
      { minLength: 4, maxLength: 16 },
    ),
  })
  .map(({ drafts, ...world }) => {
    const counts = new Map<string, string>();
    const steps = drafts.map((draft): Step => {
      if (draft.kind !== 'count') return draft;
      const topic = `t${draft.topic}`;
      const payload = String(Number(counts.get(topic) ?? 0) + 1);
      counts.set(topic, payload);
      return { kind: 'write', broker: draft.topic, topic, payload };
    });
    const expected = new Map([...counts].sort());
    return { world, steps: [{ kind: 'rest' } as const, ...steps], expected };
  });
