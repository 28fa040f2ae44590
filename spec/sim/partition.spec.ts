/**
 * What must come out is known where every topic is touched at one place only: then each write and each
 * deletion made during a partition must be everywhere afterwards, whoever was cut off, killed or wiped.
 */

import { expect } from 'chai';
import fc from 'fast-check';
import { World, type WorldOptions } from './world.ts';

/** One topic: where it was written at first (if at all), and what happens to it during the partition. */
interface TopicFate {
  readonly before: number | undefined;
  readonly during: { readonly broker: number; readonly payload: string } | undefined;
}

interface Partition {
  readonly world: WorldOptions;
  readonly fates: readonly TopicFate[];
  readonly cut: readonly boolean[];
  /** What happens to the last broker, at which nothing is written: nothing is to come of it. */
  readonly accident: 'none' | 'wiped' | 'went back';
  readonly crash: 'none' | 'before' | 'amid' | 'after';
  readonly pause: number;
}

const RUNS = Number(process.env['HISTORIES'] ?? 2_000) / 4;

const partitions: fc.Arbitrary<Partition> = fc.integer({ min: 2, max: 4 }).chain(count => {
  const latency = fc.constantFrom(0, 5, 150);
  const writer = fc.nat({ max: count - 2 });
  return fc.record({
    world: fc.record({
      brokers: fc.array(fc.record({ mqtt5: fc.boolean(), latency }), { minLength: count, maxLength: count }),
      mergeFrequency: fc.constantFrom(1, 20),
      storeLatency: fc.constantFrom(0, 30),
    }),
    fates: fc.array(
      fc.record({
        before: fc.option(fc.nat({ max: count - 1 }), { nil: undefined }),
        during: fc.option(fc.record({ broker: writer, payload: fc.constantFrom('', 'x', 'y') }), {
          nil: undefined,
        }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
    cut: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
    accident: fc.constantFrom('none', 'wiped', 'went back'),
    crash: fc.constantFrom('none', 'before', 'amid', 'after'),
    pause: fc.constantFrom(0, 10, 400, 5_000),
  });
});

describe('simulated partitions', function () {
  this.timeout(0);

  it(`after ${RUNS} of them, each write and each deletion that was made is everywhere`, () => {
    fc.assert(
      fc.property(partitions, partition => {
        const world = new World(partition.world);
        try {
          play(world, partition);
          expect([...world.expectEqual()], world.toString()).to.deep.equal([...expected(partition)]);
        } finally {
          world.end();
        }
      }),
      { numRuns: RUNS },
    );
  });
});

function play(world: World, { fates, cut, accident, crash, pause }: Partition): void {
  const last = world.broker(world.brokers.length - 1);
  world.rest();
  last.autosave();
  for (const [index, { before }] of fates.entries()) {
    if (before !== undefined) world.broker(before).write(`t${index}`, 'before');
  }
  world.rest();
  for (const [index, broker] of world.brokers.entries()) if (cut[index]) broker.cut();
  if (crash === 'before') world.crash();
  for (const [index, { during }] of fates.entries()) {
    if (during !== undefined) world.broker(during.broker).write(`t${index}`, during.payload);
    if (crash === 'amid' && index === 0) world.crash();
  }
  world.run(pause);
  if (accident !== 'none') {
    last.cut();
    if (accident === 'wiped') last.wipe();
    else last.goBack();
  }
  if (crash === 'after') world.crash();
  for (const broker of world.brokers) broker.connect();
  world.rest();
}

function expected({ fates }: Partition): ReadonlyMap<string, string> {
  const topics = fates.flatMap(({ before, during }, index): [string, string][] => {
    const payload = during?.payload ?? (before === undefined ? '' : 'before');
    return payload === '' ? [] : [[`t${index}`, payload]];
  });
  return new Map(topics);
}
