/** Nothing to do: what mqttrep takes from a gateway on which all is quiet. */

import { setTimeout as wait } from 'node:timers/promises';
import { at, differing, startBrokers, stopBrokers, urlsOf } from './brokers.ts';
import { Reader, write } from './client-process.ts';
import { BenchedReplicator, cpuBetween } from './replicator.ts';
import { figures, type Load, type Result, type Run, type Scenario } from './scenario.ts';

const BROKERS = 3;
const TOPICS = 1_000;

/** Milliseconds until the start is over, and anti-entropy has looked once at what came in a burst. */
const SETTLE = 30_000;

/** Per cent of one core. */
const CPU_TARGET = 1;
/** Megabytes. */
const RESIDENT_TARGET = 170;

const CPU = 'CPU, % of a core';
const RESIDENT = 'resident, MB';

export const idle: Scenario = {
  name: 'idle',
  about: `${BROKERS} brokers with ${TOPICS} retained topics, equal, and nobody writes`,
  async *run(load: Load): AsyncGenerator<Result> {
    const run = await (load === 'quick' ? once(3, 3_000) : once(20, SETTLE));
    yield {
      variant: '',
      figures: figures([run]),
      targets: [
        { claim: `less than ${CPU_TARGET} % of a core`, reached: (run[CPU] ?? Number.NaN) < CPU_TARGET },
        {
          claim: `at most ${RESIDENT_TARGET} MB resident`,
          reached: (run[RESIDENT] ?? Number.NaN) <= RESIDENT_TARGET,
        },
      ],
    };
  },
};

async function once(seconds: number, settle: number): Promise<Run> {
  const brokers = await startBrokers(BROKERS);
  const replicator = await BenchedReplicator.start({ brokers: urlsOf(brokers) });
  const readers = await Promise.all(
    brokers.map(({ port }) => Reader.at({ port, messages: TOPICS, awaitedFrom: 0 })),
  );
  await write({ port: at(brokers, 0).port, messages: TOPICS });
  await Promise.all(readers.map(reader => reader.complete(10_000)));
  for (const reader of readers) reader.close();
  const differ = await differing(brokers);
  await wait(settle);

  const before = replicator.cpu();
  await wait(seconds * 1000);
  const cpu = cpuBetween(before, replicator.cpu());
  const resident = replicator.residentMegabytes();
  await replicator.stop();
  await stopBrokers(brokers);
  return {
    [CPU]: cpu.total / (seconds * 10),
    [RESIDENT]: resident,
    'topics that differ': differ,
  };
}
