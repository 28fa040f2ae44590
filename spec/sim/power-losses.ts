/**
 * I4 with a broker that loses less than a second. A topic changes, and the change arrives at all brokers. Then one of them loses
 * its power, and rolls back to its state of a moment ago. Nothing else is written, so all brokers must have the change afterwards.
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

/** A change reaches the other broker within so many milliseconds. */
const ARRIVAL_MS = 150;

/** A topic that could not be read is probed again within so many milliseconds. */
const PROBE_RETRY_MS = 100_000;

/** Longer than the period of the scan: nothing else probes a topic that could not be read, and was deleted. */
const SCAN_MS = 700_000;

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
    /** It happens once more, so many milliseconds after the broker is connected again. */
    again: fc.option(fc.record({ after: fc.constantFrom(20, 100, 400, 900), lost: moment }), {
      nil: undefined,
    }),
    crash: fc.constantFrom('none', 'none', 'before', 'after'),
    /** Values that a changed topic has before, each for some milliseconds. */
    earlier: fc.record({ count: fc.nat({ max: 3 }), pause: fc.constantFrom(5, 50) }),
    /** When the replicator may not read at the victim: during these values, or for so many milliseconds after the loss. */
    unread: fc.oneof(
      { weight: 8, arbitrary: fc.constant('never' as const) },
      { weight: 3, arbitrary: fc.constant('before' as const) },
      { weight: 1, arbitrary: fc.constantFrom(500, 10_000) },
    ),
    /** The link of the victim is clogged meanwhile, and then delivers all at once. */
    isClogged: fc.boolean(),
    /** Milliseconds for which the broker is disconnected. */
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
      earlier,
      unread,
      isClogged,
      away,
    }) => {
      // Live messages of MQTT 3.1.1 do not show that a topic was retained that is created and deleted within one burst.
      const isKnownRetained = ({ change }: TopicFate) =>
        !isClogged || change.payload !== '' || brokers[change.broker]?.mqtt5 === true;
      const fates = drawn.map(fate =>
        isKnownRetained(fate) ? fate : { ...fate, before: fate.before ?? { broker: fate.change.broker } },
      );
      const atVictim = (kind: 'hide' | 'show'): Step => ({ kind, broker: victim });
      const link = (kind: 'clog' | 'unclog' | 'heal'): Step => ({ kind, broker: victim, replicator: 0 });
      const isAnyDeleted = fates.some(({ change }) => change.payload === '');
      const isUnreadLater = typeof unread === 'number';
      // mqttrep does not learn of a write at the victim while it may not read there.
      const isUnreadBefore = unread === 'before' && fates.every(({ change }) => change.broker !== victim);
      const before = Array.from({ length: earlier.count }, (_, index): Step[] => [
        ...fates.map(
          ({ change }, topic): Step => ({
            kind: 'write',
            broker: change.broker,
            topic: `t${topic}`,
            payload: `earlier ${index}`,
          }),
        ),
        { kind: 'wait', milliseconds: earlier.pause },
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
        { kind: 'wait', milliseconds: ARRIVAL_MS + pause },
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
              { kind: 'wait', milliseconds: isAnyDeleted ? SCAN_MS : PROBE_RETRY_MS },
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
