/**
 * I4 where mqttrep publishes at QoS 0: a link is cut while publishes are on the way, of which nothing tells that they are
 * lost. Each topic is touched at one place while the broker is away, and what was written there must be everywhere
 * afterwards.
 */

import fc from 'fast-check';
import type { History, Step } from './history.ts';

const BROKERS = 2;

/** What is written elsewhere before the cut, and at the broker itself while it is away. */
interface TopicFate {
  /** Nobody wrote it before. */
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
    /** Between what is written before and the cut; the marker follows its echo. */
    pause: fc.constantFrom(20, 100, 400, 1_100),
    away: fc.constantFrom(100, 2_000, 10_000),
    /** Seconds for which the link is silent before it is cut: what is sent there is lost, and nothing says so. */
    silent: fc.constantFrom(0, 0, 5),
  })
  .map(({ brokers, mergeFrequency, fates: drawn, pause, away, silent }) => {
    // Where no marker can be written nothing tells a deletion from a loss, and the broker is filled again.
    const isMarked = brokers[1]?.unmarked !== true;
    const fates = drawn.map(fate => (isMarked || fate.apart !== '' ? fate : { ...fate, apart: undefined }));
    const each = (step: (fate: TopicFate, topic: string) => Step[]) =>
      fates.flatMap((fate, index) => step(fate, `t${index}`));
    const steps: Step[] = [
      ...each(({ isNew }, topic) => (isNew ? [] : [{ kind: 'write', broker: 0, topic, payload: 'first' }])),
      { kind: 'rest' },
      ...each(({ before, apart }, topic) =>
        // What is written at both places is nobody's to decide here.
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
      // Meanwhile the other broker goes on, so that what is known of this one is stored, and what was before is forgotten.
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
