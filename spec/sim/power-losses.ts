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

/** What could not be read is asked for again within so many milliseconds. */
const ASKED_AGAIN = 100_000;

/** Longer than the period of the scan: what could not be read, and was deleted, is asked for by nothing else. */
const SCANNED = 700_000;

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
    /** Values that a changed topic has for some milliseconds before, one after the other. */
    passing: fc.record({ count: fc.nat({ max: 3 }), pause: fc.constantFrom(5, 50) }),
    /** The replicator may not read at the victim: while these pass, or from the loss on for so many milliseconds. */
    unread: fc.oneof(
      { weight: 8, arbitrary: fc.constant('never' as const) },
      { weight: 3, arbitrary: fc.constant('before' as const) },
      { weight: 1, arbitrary: fc.constantFrom(500, 10_000) },
    ),
    /** Its link is slow meanwhile, and then delivers all at once. */
    isClogged: fc.boolean(),
    /** Milliseconds for which the broker is away. */
    away: fc.constantFrom(0, 0, 500, 4_000),
  })
  .map(
    ({
      brokers,
      storeLatency,
      fates: drawn,
      victim,
      pause,
      lost,
      again,
      crash,
      passing,
      unread,
      isClogged,
      away,
    }) => {
      // Of a topic that is created and deleted within one burst, live messages of MQTT 3.1.1 do not tell that it was retained.
      const isToldApart = ({ change }: TopicFate) =>
        !isClogged || change.payload !== '' || brokers[change.broker]?.mqtt5 === true;
      const fates = drawn.map(fate =>
        isToldApart(fate) ? fate : { ...fate, before: fate.before ?? { broker: fate.change.broker } },
      );
      const atVictim = (kind: 'hide' | 'show'): Step => ({ kind, broker: victim });
      const link = (kind: 'clog' | 'unclog' | 'heal'): Step => ({ kind, broker: victim, replicator: 0 });
      const isAnyDeleted = fates.some(({ change }) => change.payload === '');
      const isUnreadLater = typeof unread === 'number';
      // What is written at the victim while it may not be read there is not known anywhere.
      const isUnreadBefore = unread === 'before' && fates.every(({ change }) => change.broker !== victim);
      const before = Array.from({ length: passing.count }, (_, index): Step[] => [
        ...fates.map(
          ({ change }, topic): Step => ({
            kind: 'write',
            broker: change.broker,
            topic: `t${topic}`,
            payload: `passing ${index}`,
          }),
        ),
        { kind: 'wait', milliseconds: passing.pause },
      ]).flat();
      const crashes = (when: typeof crash): Step[] =>
        crash === when ? [{ kind: 'crash', replicator: 0 }] : [];
      const steps: Step[] = [
        ...fates.flatMap(({ before }, index): Step[] =>
          before === undefined ? [] : [{ kind: 'write', ...before, topic: `t${index}`, payload: 'old' }],
        ),
        { kind: 'rest' },
        ...(isUnreadBefore ? [atVictim('hide')] : []),
        ...(isClogged ? [link('clog')] : []),
        ...before,
        ...(isUnreadBefore ? [atVictim('show')] : []),
        ...fates.map(({ change }, index): Step => ({ kind: 'write', ...change, topic: `t${index}` })),
        ...(isClogged ? [link('unclog')] : []),
        { kind: 'wait', milliseconds: ARRIVAL + pause },
        ...crashes('before'),
        ...(isUnreadLater ? [atVictim('hide')] : []),
        { kind: 'go back', broker: victim, milliseconds: lost },
        ...crashes('after'),
        { kind: 'wait', milliseconds: away },
        ...(again === undefined
          ? []
          : ([
              { kind: 'heal', broker: victim, replicator: 0 },
              { kind: 'wait', milliseconds: again.after },
              { kind: 'go back', broker: victim, milliseconds: again.lost },
            ] as const)),
        ...(isUnreadLater
          ? ([
              link('heal'),
              { kind: 'wait', milliseconds: unread },
              atVictim('show'),
              { kind: 'wait', milliseconds: isAnyDeleted ? SCANNED : ASKED_AGAIN },
            ] as const)
          : []),
      ];
      const expected = fates.flatMap(({ change: { payload } }, index): [string, string][] =>
        payload === '' ? [] : [[`t${index}`, payload]],
      );
      return {
        world: { brokers, mergeFrequency: 50, storeLatency },
        steps,
        expected: new Map(expected),
      };
    },
  );
