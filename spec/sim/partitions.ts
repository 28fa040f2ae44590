/**
 * I4. Partitions in which every topic is touched at one place only: so each write and each deletion that was made
 * must be everywhere afterwards, whoever was cut off, killed, wiped or rolled back. Over MQTT 5 with a second
 * replicator, too, as far as their clocks are within what they believe of each other.
 */

import fc from 'fast-check';
import type { LiveFlag } from '../../lib/broker/capabilities/live-flag-test.ts';
import type { History, Step } from './history.ts';
import { liveFlag } from './random-histories.ts';

/** One topic: where it was written at first (if at all), and what happens to it during the partition. */
interface TopicFate {
  /** A value of long ago: what a broker that goes back in time will show. */
  readonly old: boolean;
  readonly before: number | undefined;
  readonly during: { readonly broker: number; readonly payload: string } | undefined;
}

interface Partition {
  readonly world: History['world'];
  readonly fates: readonly TopicFate[];
  /** By replicator and broker. */
  readonly cut: readonly (readonly boolean[])[];
  /** What happens to the last broker, at which nothing is written then: nothing is to come of it. */
  readonly accident: 'none' | 'wipe' | 'go back' | 'hide';
  readonly crash: 'none' | 'before' | 'amid' | 'after';
  readonly pause: number;
}

export const partitions: fc.Arbitrary<History> = fc
  .tuple(fc.integer({ min: 2, max: 4 }), fc.constantFrom(1, 1, 2))
  .chain(([count, replicators]) => {
    const mqtt5 = replicators === 1 ? fc.boolean() : fc.constant(true);
    // What bears no flag may be taken for retained by the one, and was passed on by the other.
    const flag = replicators === 1 ? liveFlag : fc.constant<LiveFlag>('as published');
    const each = <T>(arbitrary: fc.Arbitrary<T>, size: number) =>
      fc.array(arbitrary, { minLength: size, maxLength: size });
    const latency = fc.constantFrom(0, 5, 150);
    const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    const during = fc.record({ broker: fc.nat({ max: count - 2 }), payload: fc.constantFrom('', 'x', 'y') });
    return fc.record<Partition>({
      world: fc.record({
        brokers: each(fc.record({ mqtt5, liveFlag: flag, latency }), count),
        clocks: each(fc.constantFrom(0, 20_000, -20_000), replicators),
        mergeFrequency: fc.constantFrom(1, 20),
        storeLatency: fc.constantFrom(0, 30),
      }),
      fates: fc.array(
        fc.record({
          old: fc.boolean(),
          before: optional(fc.nat({ max: count - 1 })),
          during: optional(during),
        }),
        {
          minLength: 1,
          maxLength: 8,
        },
      ),
      cut: each(each(fc.boolean(), count), replicators),
      accident: fc.constantFrom('none', 'wipe', 'go back', 'hide'),
      crash: fc.constantFrom('none', 'before', 'amid', 'after'),
      pause: fc.constantFrom(0, 10, 400, 5_000),
    });
  })
  .map(partition => ({ world: partition.world, steps: stepsOf(partition), expected: expected(partition) }));

function stepsOf({ world, fates, cut, accident, crash, pause }: Partition): Step[] {
  const last = world.brokers.length - 1;
  const crashes = (when: Partition['crash']): Step[] =>
    crash === when ? [{ kind: 'crash', replicator: 0 }] : [];
  return [
    ...fates.flatMap(({ old }, index): Step[] =>
      old
        ? [{ kind: 'write', broker: index % world.brokers.length, topic: `t${index}`, payload: 'old' }]
        : [],
    ),
    { kind: 'rest' },
    { kind: 'autosave', broker: last },
    ...fates.flatMap(({ before }, index): Step[] =>
      before === undefined ? [] : [{ kind: 'write', broker: before, topic: `t${index}`, payload: 'before' }],
    ),
    { kind: 'rest' },
    ...cut.flatMap((brokers, replicator) =>
      brokers.flatMap((isCut, broker): Step[] => (isCut ? [{ kind: 'cut', broker, replicator }] : [])),
    ),
    ...crashes('before'),
    ...fates.flatMap(({ during }, index): Step[] => [
      ...(during === undefined ? [] : [{ kind: 'write', topic: `t${index}`, ...during } as const]),
      ...(index === 0 ? crashes('amid') : []),
    ]),
    { kind: 'wait', milliseconds: pause },
    // A broker that goes back by less than the time until the marker is written cannot be told from one that stayed.
    ...(accident === 'go back' ? [{ kind: 'wait', milliseconds: 5_000 } as const] : []),
    ...(accident === 'none' || accident === 'hide' ? [] : [{ kind: accident, broker: last }]),
    ...(accident === 'hide' ? returnsHidden(last) : []),
    ...crashes('after'),
  ];
}

/** A broker at which the first replicator may not read any more returns, and it may read again. */
function returnsHidden(broker: number): Step[] {
  const link = { broker, replicator: 0 };
  return [
    { kind: 'hide', broker },
    { kind: 'cut', ...link },
    { kind: 'heal', ...link },
    { kind: 'wait', milliseconds: 10_000 },
    { kind: 'show', broker },
  ];
}

function expected({ fates }: Partition): ReadonlyMap<string, string> {
  const topics = fates.flatMap(({ old, before, during }, index): [string, string][] => {
    const payload = during?.payload ?? (before === undefined ? (old ? 'old' : '') : 'before');
    return payload === '' ? [] : [[`t${index}`, payload]];
  });
  return new Map(topics);
}
