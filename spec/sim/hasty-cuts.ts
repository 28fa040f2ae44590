/**
 * I4 with publishes at QoS 0: a link is cut while publishes travel, and nothing tells that they are lost. Each topic is written at
 * one broker only while the other one is disconnected. Afterwards all brokers must hold that write.
 */

import fc from 'fast-check';
import type { History, Step } from './history.ts';

const BROKERS = 2;

/** What is written at the other broker before the cut, and at the broker itself while it is disconnected. */
interface TopicFate {
  /** No client wrote the topic before. */
  readonly isNew: boolean;
  readonly before: 'x' | 'y' | undefined;
  readonly apart: '1' | '2' | '' | undefined;
}

export const hastyCuts: fc.Arbitrary<History> = fc
  .record({
    brokers: fc.array(
      fc.record({
        mqtt5: fc.boolean(),
        latency: fc.constantFrom(5, 40, 150, 300),
        qos0: fc.constant(true),
        unmarked: fc.boolean(),
      }),
      { minLength: BROKERS, maxLength: BROKERS },
    ),
    mergeFrequency: fc.constantFrom(10, 50),
    fates: fc.array(
      fc.record<TopicFate>({
        isNew: fc.boolean(),
        before: fc.constantFrom('x', 'y', undefined),
        apart: fc.constantFrom('1', '2', '', undefined),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    /** Milliseconds between the last write and the cut. The marker follows the echo of the write. */
    pause: fc.constantFrom(20, 100, 400, 1_100),
    away: fc.constantFrom(100, 2_000, 10_000),
    /** Seconds for which the link is silent before the cut: publishes are lost, and nothing tells. */
    silent: fc.constantFrom(0, 0, 5),
  })
  .map(({ brokers, mergeFrequency, fates: drawn, pause, away, silent }) => {
    // Without a marker nothing tells a deletion from a loss, and the broker is filled again.
    const isMarked = brokers[1]?.unmarked !== true;
    const fates = drawn.map(fate => (isMarked || fate.apart !== '' ? fate : { ...fate, apart: undefined }));
    const each = (step: (fate: TopicFate, topic: string) => Step[]) =>
      fates.flatMap((fate, index) => step(fate, `t${index}`));
    const steps: Step[] = [
      ...each(({ isNew }, topic) => (isNew ? [] : [{ kind: 'write', broker: 0, topic, payload: 'first' }])),
      { kind: 'rest' },
      ...each(({ before, apart }, topic) =>
        // A topic that is written at both brokers has no certain winner.
        before === undefined || apart !== undefined
          ? []
          : [{ kind: 'write', broker: 0, topic, payload: before }],
      ),
      { kind: 'wait', milliseconds: pause },
      ...(silent === 0 ? [] : [{ kind: 'clog', broker: 1, replicator: 0 } as const]),
      ...Array.from({ length: silent }, (_, second): Step[] => [
        { kind: 'write', broker: 0, topic: 'meanwhile', payload: `${second}` },
        { kind: 'wait', milliseconds: 1_000 },
      ]).flat(),
      { kind: 'cut', broker: 1, replicator: 0 },
      ...each(({ apart }, topic) =>
        apart === undefined ? [] : [{ kind: 'write', broker: 1, topic, payload: apart }],
      ),
      // Writes at the other broker have the state of this one stored, and its history forgotten.
      ...['a', 'b', 'c'].flatMap((payload): Step[] => [
        { kind: 'write', broker: 0, topic: 'meanwhile', payload },
        { kind: 'wait', milliseconds: away / 2 },
      ]),
    ];
    const expected = fates.flatMap(({ isNew, before, apart }, index): [string, string][] => {
      const payload = apart ?? before ?? (isNew ? '' : 'first');
      return payload === '' ? [] : [[`t${index}`, payload]];
    });
    const values = new Map([['meanwhile', 'c'], ...expected]);
    return { world: { brokers, mergeFrequency }, steps, expected: values };
  });
