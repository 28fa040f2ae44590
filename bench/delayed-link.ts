/**
 * A latency longer than the period of the tick, and one topic that changes all the time. A replicator that takes its
 * own echo for a write would alternate between values forever here.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { Link } from '../spec/support/link.ts';
import { at, startBrokers, stopBrokers, urlsOf } from './brokers.ts';
import { Reader, write } from './client-process.ts';
import { monotonic } from './clock.ts';
import { countDiverging } from './read-retained.ts';
import { ReplicatorProcess } from './replicator.ts';
import { figures, type Plan, type Result, type Run, type Scenario, type Target } from './scenario.ts';
import { none } from './targets.ts';

/** In each direction. */
const LINK_DELAY_MS = 150;
const MERGE_FREQUENCY_HZ = 20;
const MESSAGES_PER_SECOND = 50;
/** After this time from the last write, nothing may be delivered any more. */
const QUIET_AFTER_MS = 2_000;
const WATCH_TIME_MS = 5_000;

const VARIANTS = [
  { variant: 'MQTT 5', environment: {} },
  {
    variant: 'MQTT 3.1.1',
    environment: { MQTTREP_CONFIG_A: '{"protocolVersion":4}', MQTTREP_CONFIG_B: '{"protocolVersion":4}' },
  },
];

const REPEATED = 'delivered twice at B';
const REVERSED = 'older after newer at B';
const BACK = 'delivered back to A';
const LATE = `deliveries ${QUIET_AFTER_MS / 1000} s after the last write`;
const DIVERGING = 'topics that differ in the end';

export const delayedLink: Scenario = {
  name: 'delayed-link',
  about: `links of ${LINK_DELAY_MS} ms each way, MERGE_FREQUENCY ${MERGE_FREQUENCY_HZ}, one topic written ${MESSAGES_PER_SECOND} times a second`,
  async *run({ size }: Plan): AsyncGenerator<Result> {
    const messages = MESSAGES_PER_SECOND * (size === 'quick' ? 2 : 5);
    // The variants run at the same time, because no figure depends on processor time.
    const runs = VARIANTS.map(({ variant, environment }) => ({
      variant,
      run: runOnce(messages, environment),
    }));
    for (const { variant, run: running } of runs) {
      const run = await running;
      yield { variant, columns: [{ subject: 'mqttrep', figures: figures([run]) }], targets: targets(run) };
    }
  },
};

async function runOnce(messages: number, environment: Readonly<Record<string, string>>): Promise<Run> {
  const brokers = await startBrokers(2);
  const links = await Promise.all(brokers.map(({ port }) => Link.to(port)));
  for (const link of links) link.delay = LINK_DELAY_MS;
  const replicator = await ReplicatorProcess.start({
    brokers: urlsOf(links),
    mergeFrequency: MERGE_FREQUENCY_HZ,
    environment,
  });
  const readers = await Promise.all(
    brokers.map(({ port }) => Reader.at({ port, messages, awaitedFrom: messages - 1 })),
  );

  const { takenAt } = await write({
    port: at(brokers, 0).port,
    messages,
    topics: 1,
    rate: MESSAGES_PER_SECOND,
  });
  const lastWrite = takenAt[messages - 1] ?? Number.NaN;
  await wait(lastWrite + WATCH_TIME_MS - monotonic());
  const [a, b] = await Promise.all([at(readers, 0).reading(), at(readers, 1).reading()]);
  for (const reader of readers) reader.close();
  const differ = await countDiverging(
    brokers.map(({ port }) => port),
    1,
  );
  await replicator.stop();
  await Promise.all(links.map(link => link.close()));
  await stopBrokers(brokers);

  const late = [a, b].flatMap(({ deliveredAt }) =>
    [...deliveredAt].filter(time => time > lastWrite + QUIET_AFTER_MS),
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
      'values delivered twice at the other broker, or back to the broker where they were written',
      sum(REPEATED, BACK),
    ),
    ...none('values that arrive after a newer one', sum(REVERSED)),
    ...none(`deliveries later than ${QUIET_AFTER_MS / 1000} s after the last write`, sum(LATE)),
    ...none('topics that differ in the end', sum(DIVERGING)),
  ];
}
