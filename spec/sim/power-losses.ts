/**
 * I4 where a broker loses less than a second: a topic is changed, the change has arrived everywhere, and then one of the
 * brokers is killed and comes back with its state of a moment ago, as at a loss of power. Nothing else is written, so that
 * the change must be everywhere afterwards.
 */

import fc from 'fast-check';
import type { History, Step } from './history.ts';
import { moment } from './random-histories.ts';

const BROKERS = 2;

const broker = fc.nat({ max: BROKERS - 1 });

interface TopicFate {
  readonly before: { readonly broker: number } | undefined;
  readonly change: { readonly broker: number; readonly payload: string };
}

/** What is changed reaches the other broker within so many milliseconds. */
const ARRIVAL = 150;

export const powerLosses: fc.Arbitrary<History> = fc
  .record({
    brokers: fc.array(fc.record({ mqtt5: fc.boolean(), latency: fc.constantFrom(1, 5, 20) }), {
      minLength: BROKERS,
      maxLength: BROKERS,
    }),
    storeLatency: fc.constantFrom(1, 10),
    fates: fc.array(
      fc.record<TopicFate>({
        before: fc.option(fc.record({ broker }), { nil: undefined }),
        change: fc.record({ broker, payload: fc.constantFrom('', 'x', 'y') }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    victim: broker,
    pause: fc.constantFrom(0, 100, 400, 900),
    lost: moment,
    /** It happens once more, so many milliseconds after the broker is connected to again. */
    again: fc.option(fc.record({ after: fc.constantFrom(20, 100, 400, 900), lost: moment }), {
      nil: undefined,
    }),
    crash: fc.constantFrom('none', 'none', 'before', 'after'),
  })
  .map(({ brokers, storeLatency, fates, victim, pause, lost, again, crash }) => {
    const crashes = (when: typeof crash): Step[] =>
      crash === when ? [{ kind: 'crash', replicator: 0 }] : [];
    const steps: Step[] = [
      ...fates.flatMap(({ before }, index): Step[] =>
        before === undefined ? [] : [{ kind: 'write', ...before, topic: `t${index}`, payload: 'old' }],
      ),
      { kind: 'rest' },
      ...fates.map(({ change }, index): Step => ({ kind: 'write', ...change, topic: `t${index}` })),
      { kind: 'wait', milliseconds: ARRIVAL + pause },
      ...crashes('before'),
      { kind: 'go back', broker: victim, milliseconds: lost },
      ...crashes('after'),
      ...(again === undefined
        ? []
        : ([
            { kind: 'heal', broker: victim, replicator: 0 },
            { kind: 'wait', milliseconds: again.after },
            { kind: 'go back', broker: victim, milliseconds: again.lost },
          ] as const)),
    ];
    const expected = fates.flatMap(({ change: { payload } }, index): [string, string][] =>
      payload === '' ? [] : [[`t${index}`, payload]],
    );
    return {
      world: { brokers, mergeFrequency: 50, storeLatency },
      steps,
      expected: new Map(expected),
    };
  });
