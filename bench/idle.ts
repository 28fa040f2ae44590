/** The processor time and the memory of mqttrep when nobody writes. */

import { setTimeout as wait } from 'node:timers/promises';
import { at, startBrokers, stopBrokers, urlsOf } from './brokers.ts';
import { Reader, write } from './client-process.ts';
import { costsOf, residentMegabytes, spentSince } from './process-cost.ts';
import { countDiverging } from './read-retained.ts';
import { ReplicatorProcess } from './replicator.ts';
import {
  type Column,
  figures,
  type Plan,
  type Result,
  type Run,
  type Scenario,
  type Target,
} from './scenario.ts';
import { atMost } from './targets.ts';

const BROKERS = 3;
const TOPICS = 1_000;
const MERGE_FREQUENCIES_HZ = [1, 1_000];

/**
 * Until then, anti-entropy probes the topics of the burst, and V8 collects garbage in all threads, which it does within about a minute.
 */
const SETTLE_MS = 80_000;

const CPU_TARGET_PERCENT = 0.3;
/** Node.js itself takes half of it. One actor for each broker, and the reconciler. */
const RESIDENT_TARGET_MB = 50 + 15 * (BROKERS + 1);

const CPU = 'CPU, % of a core';
const RESIDENT = 'resident, MB';

export const idle: Scenario = {
  name: 'idle',
  about: `${BROKERS} brokers with ${TOPICS} retained topics, equal, and nobody writes`,
  async *run({ size }: Plan): AsyncGenerator<Result> {
    const columns: Column[] = [];
    const targets: Target[] = [];
    for (const frequency of size === 'quick' ? [1] : MERGE_FREQUENCIES_HZ) {
      const run = await (size === 'quick' ? runOnce(frequency, 3, 3_000) : runOnce(frequency, 60, SETTLE_MS));
      columns.push({ subject: `mqttrep, ${frequency} Hz`, figures: figures([run]) });
      targets.push(
        ...atMost(`of a core, ${frequency} Hz`, run[CPU] ?? Number.NaN, CPU_TARGET_PERCENT, '%'),
        ...atMost(`resident, ${frequency} Hz`, run[RESIDENT] ?? Number.NaN, RESIDENT_TARGET_MB, 'MB'),
      );
    }
    yield { variant: '', columns, targets };
  },
};

async function runOnce(mergeFrequency: number, seconds: number, settleMs: number): Promise<Run> {
  const brokers = await startBrokers(BROKERS);
  const replicator = await ReplicatorProcess.start({ brokers: urlsOf(brokers), mergeFrequency });
  const readers = await Promise.all(
    brokers.map(({ port }) => Reader.at({ port, messages: TOPICS, awaitedFrom: 0 })),
  );
  await write({ port: at(brokers, 0).port, messages: TOPICS });
  await Promise.all(readers.map(reader => reader.complete(10_000)));
  for (const reader of readers) reader.close();
  const ports = brokers.map(({ port }) => port);
  const differ = await countDiverging(ports, TOPICS);
  await wait(settleMs);

  const pids = [replicator.pid];
  const before = costsOf(pids);
  await wait(seconds * 1000);
  const spent = spentSince(before, pids);
  const resident = residentMegabytes(pids);
  await replicator.stop();
  await stopBrokers(brokers);
  return {
    [CPU]: spent / (seconds * 10),
    [RESIDENT]: resident,
    'topics that differ': differ,
  };
}
