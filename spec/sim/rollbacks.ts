/**
 * I4 for brokers that roll back by less than a second. Some of the topics then, and perhaps the marker, are as before, and others
 * are not. Each topic is written at one broker only. So all brokers must have the last write, also one that a client makes at the
 * returned broker before mqttrep is connected again.
 */

import fc from 'fast-check';
import type { History, Step } from './history.ts';
import { liveFlag } from './random-histories.ts';

interface Write {
  readonly topic: number;
  readonly isDeletion: boolean;
  readonly pause: number;
}

interface Rollback {
  readonly world: History['world'];
  /** By topic: where it is written, and whether it was there before. */
  readonly topics: readonly { readonly broker: number; readonly isOld: boolean }[];
  readonly writes: readonly Write[];
  /** The broker saves before the write with this index. */
  readonly savedBefore: number;
  readonly crash: 'none' | 'at once';
  /** What clients do at the returned broker, by topic. */
  readonly meanwhile: readonly ('nothing' | 'write' | 'delete')[];
}

const TOPICS = 4;

/** Within so many milliseconds the last write is delivered, and stored at the next tick. */
const DELIVERY_MS = 400;

export const rollbacks: fc.Arbitrary<History> = fc.integer({ min: 2, max: 3 }).chain(count => {
  const each = <T>(arbitrary: fc.Arbitrary<T>, size: number) =>
    fc.array(arbitrary, { minLength: size, maxLength: size });
  return fc
    .record<Rollback>({
      world: fc.record({
        brokers: each(
          fc.record({ mqtt5: fc.boolean(), liveFlag, latency: fc.constantFrom(0, 5, 20) }),
          count,
        ),
        mergeFrequency: fc.constantFrom(10, 50),
        storeLatency: fc.constantFrom(0, 10),
      }),
      topics: each(fc.record({ broker: fc.nat({ max: count - 1 }), isOld: fc.boolean() }), TOPICS),
      writes: fc.array(
        fc.record({
          topic: fc.nat({ max: TOPICS - 1 }),
          isDeletion: fc.boolean(),
          pause: fc.constantFrom(0, 10, 60, 150),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      savedBefore: fc.nat({ max: 6 }),
      crash: fc.constantFrom('none', 'at once'),
      meanwhile: each(fc.constantFrom('nothing', 'nothing', 'write', 'delete'), TOPICS),
    })
    .map(withoutUndecidable)
    .map(rollback => ({ world: rollback.world, steps: stepsOf(rollback), expected: expected(rollback) }));
});

/**
 * The rollback without cases that cannot be decided. If live messages have no retain flag, mqttrep knows only after a while that
 * a new topic is retained.
 */
function withoutUndecidable(rollback: Rollback): Rollback {
  const { world, topics, writes } = rollback;
  const isPlain = (topic: number) => {
    const at = world.brokers[topics[topic]?.broker ?? 0];
    return at?.mqtt5 === true && at.liveFlag === 'as published';
  };
  return {
    ...rollback,
    topics: topics.map((one, topic) => ({ ...one, isOld: one.isOld || !isPlain(topic) })),
    writes: writes.map((write, index) => {
      const isLast = !writes.some((other, later) => later > index && other.topic === write.topic);
      return { ...write, isDeletion: write.isDeletion && (isLast || isPlain(write.topic)) };
    }),
  };
}

const named = (topic: number) => `t${topic}`;
const payloadOf = ({ isDeletion }: Write, index: number) => (isDeletion ? '' : `w${index}`);

function stepsOf({ world, topics, writes, savedBefore, crash, meanwhile }: Rollback): Step[] {
  const last = world.brokers.length - 1;
  const save: Step = { kind: 'autosave', broker: last };
  return [
    ...topics.flatMap(({ broker, isOld }, topic): Step[] =>
      isOld ? [{ kind: 'write', broker, topic: named(topic), payload: 'old' }] : [],
    ),
    { kind: 'rest' },
    // Over MQTT 3.1.1 a probe has to find first that a topic is retained.
    { kind: 'wait', milliseconds: 1_000 },
    ...writes.flatMap((write, index): Step[] => [
      ...(index === savedBefore ? [save] : []),
      {
        kind: 'write',
        broker: topics[write.topic]?.broker ?? 0,
        topic: named(write.topic),
        payload: payloadOf(write, index),
      },
      { kind: 'wait', milliseconds: write.pause },
    ]),
    ...(savedBefore >= writes.length ? [save] : []),
    { kind: 'wait', milliseconds: DELIVERY_MS },
    { kind: 'go back', broker: last },
    ...(crash === 'none'
      ? []
      : [{ kind: 'crash', replicator: 0 } as const, { kind: 'cut', broker: last, replicator: 0 } as const]),
    ...meanwhile.flatMap((what, topic): Step[] =>
      what === 'nothing' || (what === 'delete' && !isDeletable(topic, { world, topics, writes }))
        ? []
        : [
            {
              kind: 'write',
              broker: last,
              topic: named(topic),
              payload: what === 'write' ? 'meanwhile' : '',
            },
          ],
    ),
  ];
}

function expected({ world, topics, writes, meanwhile }: Rollback): ReadonlyMap<string, string> {
  const values: string[] = topics.map(({ isOld }) => (isOld ? 'old' : ''));
  for (const [index, write] of writes.entries()) values[write.topic] = payloadOf(write, index);
  for (const [topic, what] of meanwhile.entries()) {
    if (what === 'write') values[topic] = 'meanwhile';
    if (what === 'delete' && isDeletable(topic, { world, topics, writes })) values[topic] = '';
  }
  return new Map(values.flatMap((value, topic) => (value === '' ? [] : [[named(topic), value]])));
}

/** Whether the broker has the topic whatever it lost. Else no client deletes it there. */
function isDeletable(
  topic: number,
  { world, topics, writes }: Pick<Rollback, 'world' | 'topics' | 'writes'>,
): boolean {
  const { broker, isOld } = topics[topic] ?? { broker: 0, isOld: false };
  const ofTopic = writes.filter(write => write.topic === topic);
  const isHere = broker === world.brokers.length - 1 || ofTopic.length === 0;
  return isOld && isHere && !ofTopic.some(({ isDeletion }) => isDeletion);
}
