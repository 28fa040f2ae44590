/** Nothing to do: what mqttrep takes from a gateway on which all is quiet. */

import { setTimeout as wait } from 'node:timers/promises';
import { at, startBrokers, stopBrokers, urlsOf } from './brokers.ts';
import { Reader, write } from './client-process.ts';
import { costsOf, residentMegabytes, spentSince } from './process-cost.ts';
import { diverging } from './read-retained.ts';
import { BenchedReplicator } from './replicator.ts';
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
const FREQUENCIES = [1, 1_000];

/**
 * Milliseconds until the start is over: anti-entropy has looked at what came in a burst, and V8, which does so within
 * a minute or so, has tidied the heaps of all threads.
 */
const SETTLE = 80_000;

/** Per cent of one core. */
const CPU_TARGET = 0.3;
/** Megabytes; an actor for each broker, and the reconciler. */
const RESIDENT_TARGET = 45 + 25 * (BROKERS + 1);

const CPU = 'CPU, % of a core';
const RESIDENT = 'resident, MB';

export const idle: Scenario = {
  name: 'idle',
  about: `${BROKERS} brokers with ${TOPICS} retained topics, equal, and nobody writes`,
  async *run({ size }: Plan): AsyncGenerator<Result> {
    const columns: Column[] = [];
    const targets: Target[] = [];
    for (const frequency of size === 'quick' ? [1] : FREQUENCIES) {
      const run = await (size === 'quick' ? once(frequency, 3, 3_000) : once(frequency, 60, SETTLE));
      columns.push({ subject: `mqttrep, ${frequency} Hz`, figures: figures([run]) });
      targets.push(
        ...atMost(`of a core, ${frequency} Hz`, run[CPU] ?? Number.NaN, CPU_TARGET, '%'),
        ...atMost(`resident, ${frequency} Hz`, run[RESIDENT] ?? Number.NaN, RESIDENT_TARGET, 'MB'),
      );
    }
    yield { variant: '', columns, targets };
  },
};

async function once(mergeFrequency: number, seconds: number, settle: number): Promise<Run> {
  const brokers = await startBrokers(BROKERS);
  const replicator = await BenchedReplicator.start({ brokers: urlsOf(brokers), mergeFrequency });
  const readers = await Promise.all(
    brokers.map(({ port }) => Reader.at({ port, messages: TOPICS, awaitedFrom: 0 })),
  );
  await write({ port: at(brokers, 0).port, messages: TOPICS });
  await Promise.all(readers.map(reader => reader.complete(10_000)));
  for (const reader of readers) reader.close();
  const ports = brokers.map(({ port }) => port);
  const differ = await diverging(ports, TOPICS);
  await wait(settle);

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
