/**
 * I4: partitions in which each topic is written at one broker only. Afterwards all brokers must have each write and each deletion,
 * whichever broker or replicator was cut off, killed, wiped or rolled back. Over MQTT 5 there may be a second replicator, with a
 * clock within the drift that the first believes.
 */

import fc from 'fast-check';
import type { LiveFlag } from '../../lib/broker/capabilities/live-flag-test.ts';
import type { History, Step } from './history.ts';
import { liveFlag } from './random-histories.ts';

/** Where a topic was written before the partition, if at all, and what happens to it during the partition. */
interface TopicFate {
  /** The topic has an old value, to which a broker can roll back. */
  readonly old: boolean;
  readonly before: number | undefined;
  readonly during: { readonly broker: number; readonly payload: string } | undefined;
}

interface Partition {
  readonly world: History['world'];
  readonly fates: readonly TopicFate[];
  /** By replicator and broker. */
  readonly cut: readonly (readonly boolean[])[];
  /** What happens to the last broker. No client writes there then, so it must change nothing. */
  readonly accident: 'none' | 'wipe' | 'go back' | 'hide';
  readonly crash: 'none' | 'before' | 'amid' | 'after';
  readonly pause: number;
}

export const partitions: fc.Arbitrary<History> = fc
  .tuple(fc.integer({ min: 2, max: 4 }), fc.constantFrom(1, 1, 2))
  .chain(([count, replicators]) => {
    const mqtt5 = replicators === 1 ? fc.boolean() : fc.constant(true);
    // Without a retain flag one replicator may take a message for retained that the other passed on.
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
    // A broker that rolls back to before its marker was written looks like an intact one.
    ...(accident === 'go back' ? [{ kind: 'wait', milliseconds: 5_000 } as const] : []),
    ...(accident === 'none' || accident === 'hide' ? [] : [{ kind: accident, broker: last }]),
    ...(accident === 'hide' ? returnsHidden(last) : []),
    ...crashes('after'),
  ];
}

/** A broker returns while the first replicator may not read there, and permits it later. */
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
