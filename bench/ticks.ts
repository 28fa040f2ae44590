/** The cost of a tick with few and with many known topics. It should depend on what has changed, not on what is known. */

import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../spec/support/free-port.ts';
import { at, GENEROUS, startBrokers, stopBrokers, urlsOf } from './brokers.ts';
import { Reader, write } from './client-process.ts';
import { costsOf, spentSince } from './process-cost.ts';
import { ReplicatorProcess } from './replicator.ts';
import {
  type Column,
  figures,
  type Plan,
  type Result,
  type Run,
  type Scenario,
  valuesOf,
} from './scenario.ts';
import { median } from './statistics.ts';
import { atMost } from './targets.ts';

const CHANGED_TOPICS = 10_000;

/** For the ticks of CHANGED_TOPICS topics. */
const TICK_TARGET_MS = 50;
/** The factor to the cost with few topics. */
const COST_RATIO_TARGET = 1.25;

/** Longest wait until the topics are at the other broker. */
const ARRIVAL_TIMEOUT_MS = 120_000;
/** After this time the store has finished a burst, and the status server has read the counters. */
const SETTLE_MS = 6_000;

const BUSY = `reconciler busy with ticks for ${CHANGED_TOPICS} changed topics, ms`;
const COST = 'CPU a changed topic, µs';

export const ticks: Scenario = {
  name: 'ticks',
  about: `${CHANGED_TOPICS} of the topics that are known change; mqttrep with MERGE_FREQUENCY 1`,
  async *run({ size }: Plan): AsyncGenerator<Result> {
    const counts = {
      quick: [CHANGED_TOPICS],
      full: [CHANGED_TOPICS, 200_000],
      large: [CHANGED_TOPICS, 200_000, 1_000_000],
    }[size];
    const columns: Column[] = [];
    const cost: number[] = [];
    let busy = Number.NaN;
    for (const topics of counts) {
      const runs = await changes(topics, size === 'quick' ? 1 : 3, size === 'quick' ? 2_000 : SETTLE_MS);
      columns.push({ subject: `${topics.toLocaleString('en')} topics`, figures: figures(runs) });
      cost.push(median(valuesOf(runs, COST)));
      busy = median(valuesOf(runs, BUSY));
    }
    const [few = Number.NaN] = cost;
    yield {
      variant: '',
      columns,
      targets: [
        ...atMost('busy with the ticks, most topics', busy, TICK_TARGET_MS, 'ms'),
        ...atMost(
          'CPU a changed topic, most topics',
          cost.at(-1) ?? Number.NaN,
          COST_RATIO_TARGET * few,
          'µs',
        ),
      ],
    };
  },
};

async function changes(topics: number, count: number, settleMs: number): Promise<Run[]> {
  const brokers = await startBrokers(2, GENEROUS);
  const [source, other] = [at(brokers, 0), at(brokers, 1)];
  const http = await freePort();
  const environment = { MQTTREP_MAX_TOPICS: '2000000', MQTTREP_HTTP: `127.0.0.1:${http}` };
  const replicator = await ReplicatorProcess.start({ brokers: urlsOf(brokers), environment });
  await written(source.port, other.port, { topics, messages: topics, first: 0 });
  await wait(settleMs);

  const runs: Run[] = [];
  // Each run begins at topic 0, because its first number is a multiple of the number of topics.
  for (let run = 1; run <= count; run++) {
    const pids = [replicator.pid];
    const [before, busyBefore] = [costsOf(pids), await busySeconds(http)];
    await written(source.port, other.port, { topics, messages: CHANGED_TOPICS, first: run * topics });
    await wait(settleMs / 2);
    const spent = spentSince(before, pids);
    const busy = (await busySeconds(http)) - busyBefore;
    runs.push({ [BUSY]: busy * 1000, [COST]: (spent * 1000) / CHANGED_TOPICS });
  }
  await replicator.stop();
  await stopBrokers(brokers);
  return runs;
}

/** Writes the messages. Resolves when the last of them has arrived at the other broker. */
async function written(
  from: number,
  to: number,
  { topics, messages, first }: { topics: number; messages: number; first: number },
): Promise<void> {
  const reader = await Reader.at({ port: to, messages: first + messages, awaitedFrom: first });
  await write({ port: from, messages, topics, first });
  await reader.complete(ARRIVAL_TIMEOUT_MS);
  reader.close();
}

/** The total time of all ticks so far, in seconds. */
async function busySeconds(port: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^mqttrep_tick_seconds_sum (\S+)$/m.exec(metrics)?.[1]);
}
