/**
 * Each topic has one writer, which counts. Links are cut and the replicator is killed at any moment. In the end all brokers must
 * hold the last number.
 */

import fc from 'fast-check';
import type { History, Step } from './history.ts';
import { ahead, lingering, liveFlag, standstill } from './random-histories.ts';

type Draft = Exclude<Step, { kind: 'write' | 'pass' }> | { readonly kind: 'count'; readonly topic: number };

const latency = fc.constantFrom(0, 5, 60, 200);

export const singleWriters: fc.Arbitrary<History> = fc
  .integer({ min: 2, max: 3 })
  .chain(count => {
    const broker = fc.nat({ max: count - 1 });
    const milliseconds = fc.constantFrom(1, 15, 60, 110, 300, 1_500);
    const draft = fc.oneof<fc.WeightedArbitrary<Draft>[]>(
      { weight: 8, arbitrary: fc.record({ kind: fc.constant('count'), topic: fc.nat({ max: count - 1 }) }) },
      { weight: 8, arbitrary: fc.record({ kind: fc.constant('wait'), milliseconds }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constantFrom('cut', 'heal'), broker, replicator: fc.constant(0) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('lag'), broker, replicator: fc.constant(0), latency }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash'), replicator: fc.constant(0) }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('crash'), replicator: fc.constant(0), lingering }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('suspend'),
          replicator: fc.constant(0),
          milliseconds: standstill,
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('clock'), replicator: fc.constant(0), ahead }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constantFrom('clog', 'unclog'), broker, replicator: fc.constant(0) }),
      },
    );
    return fc.record({
      world: fc.record({
        clocks: fc.tuple(ahead),
        brokers: fc.array(fc.record({ mqtt5: fc.boolean(), liveFlag, latency }), {
          minLength: count,
          maxLength: count,
        }),
        mergeFrequency: fc.constantFrom(10, 50),
        storeLatency: fc.constantFrom(1, 30),
      }),
      drafts: fc.array(draft, { maxLength: 40 }),
    });
  })
  .map(({ world, drafts }) => {
    const counts = world.brokers.map(() => 0);
    const steps = drafts.map((draft): Step => {
      if (draft.kind !== 'count') return draft;
      const number = (counts[draft.topic] ?? 0) + 1;
      counts[draft.topic] = number;
      return { kind: 'write', broker: draft.topic, topic: `t${draft.topic}`, payload: String(number) };
    });
    const expected = counts.flatMap((last, topic): [string, string][] =>
      last === 0 ? [] : [[`t${topic}`, String(last)]],
    );
    return { world, steps: [{ kind: 'rest' } as const, ...steps], expected: new Map(expected) };
  });
