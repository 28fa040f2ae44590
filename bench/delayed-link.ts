/**
 * Latency above the period of the tick, and one topic that changes all the time: where a replicator that
 * takes its own echo for a write flips for ever.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { Link } from '../spec/support/link.ts';
import { at, startBrokers, stopBrokers, urlsOf } from './brokers.ts';
import { Reader, write } from './client-process.ts';
import { monotonic } from './clock.ts';
import { diverging } from './read-retained.ts';
import { BenchedReplicator } from './replicator.ts';
import { figures, type Plan, type Result, type Run, type Scenario, type Target } from './scenario.ts';
import { none } from './targets.ts';

/** Milliseconds, each way. */
const DELAY = 150;
const MERGE_FREQUENCY = 20;
/** Messages a second. */
const RATE = 50;
/** Milliseconds after the last write, when nothing may move any more. */
const QUIET_AFTER = 2_000;
const WATCHED_FOR = 5_000;

const VARIANTS = [
  { variant: 'MQTT 5', environment: {} },
  {
    variant: 'MQTT 3.1.1',
    environment: { MQTTREP_CONFIG_A: '{"protocolVersion":4}', MQTTREP_CONFIG_B: '{"protocolVersion":4}' },
  },
];

const REPEATED = 'delivered twice at B';
const REVERSED = 'older after newer at B';
const BACK = 'given back to A';
const LATE = `deliveries ${QUIET_AFTER / 1000} s after the last write`;
const DIVERGING = 'topics that differ in the end';

export const delayedLink: Scenario = {
  name: 'delayed-link',
  about: `links of ${DELAY} ms each way, MERGE_FREQUENCY ${MERGE_FREQUENCY}, one topic written ${RATE} times a second`,
  async *run({ size }: Plan): AsyncGenerator<Result> {
    const messages = RATE * (size === 'quick' ? 2 : 5);
    // Nothing is measured that would need the machine for itself.
    const runs = VARIANTS.map(({ variant, environment }) => ({ variant, once: once(messages, environment) }));
    for (const { variant, once } of runs) {
      const run = await once;
      yield { variant, columns: [{ subject: 'mqttrep', figures: figures([run]) }], targets: targets(run) };
    }
  },
};

async function once(messages: number, environment: Readonly<Record<string, string>>): Promise<Run> {
  const brokers = await startBrokers(2);
  const links = await Promise.all(brokers.map(({ port }) => Link.to(port)));
  for (const link of links) link.delay = DELAY;
  const replicator = await BenchedReplicator.start({
    brokers: urlsOf(links),
    mergeFrequency: MERGE_FREQUENCY,
    environment,
  });
  const readers = await Promise.all(
    brokers.map(({ port }) => Reader.at({ port, messages, awaitedFrom: messages - 1 })),
  );

  const { takenAt } = await write({ port: at(brokers, 0).port, messages, topics: 1, rate: RATE });
  const lastWrite = takenAt[messages - 1] ?? Number.NaN;
  await wait(lastWrite + WATCHED_FOR - monotonic());
  const [a, b] = await Promise.all([at(readers, 0).reading(), at(readers, 1).reading()]);
  for (const reader of readers) reader.close();
  const differ = await diverging(
    brokers.map(({ port }) => port),
    1,
  );
  await replicator.stop();
  await Promise.all(links.map(link => link.close()));
  await stopBrokers(brokers);

  const late = [a, b].flatMap(({ deliveredAt }) =>
    [...deliveredAt].filter(time => time > lastWrite + QUIET_AFTER),
  );
  return {
    'written at A': messages,
    'delivered at A': a.deliveredAt.length,
    [BACK]: a.repeated,
    'delivered at B': b.deliveredAt.length,
    [REPEATED]: b.repeated,
    [REVERSED]: b.reversed,
    'last write → last value at B, ms': (b.arrivedAt[messages - 1] ?? Number.NaN) - lastWrite,
    [LATE]: late.length,
    [DIVERGING]: differ,
  };
}

function targets(run: Run): Target[] {
  const sum = (...names: string[]) => names.reduce((total, name) => total + (run[name] ?? Number.NaN), 0);
  return [
    ...none(
      'values delivered twice at the other broker, or back to where they were written',
      sum(REPEATED, BACK),
    ),
    ...none('values that come after a newer one', sum(REVERSED)),
    ...none(`deliveries later than ${QUIET_AFTER / 1000} s after the last write`, sum(LATE)),
    ...none('topics that differ in the end', sum(DIVERGING)),
  ];
}
