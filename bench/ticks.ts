/** What a tick costs with few and with many topics known: it should follow what has changed, not what is there. */

import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../spec/support/free-port.ts';
import { at, GENEROUS, startBrokers, stopBrokers, urlsOf } from './brokers.ts';
import { Reader, write } from './client-process.ts';
import { costsOf, spentSince } from './process-cost.ts';
import { BenchedReplicator } from './replicator.ts';
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

const CHANGED = 10_000;

/** Milliseconds for the ticks that 10,000 changed topics take. */
const TICK_TARGET = 50;
/** Times what it costs with few topics. */
const FLAT_TARGET = 1.25;

/** Longest wait for the topics to be at the other broker, in milliseconds. */
const LIMIT = 120_000;
/** Until a burst is over for the store too, and the status server has been told; in milliseconds. */
const SETTLE = 6_000;

const BUSY = `reconciler busy with ticks for ${CHANGED} changed topics, ms`;
const COST = 'CPU a changed topic, µs';

export const ticks: Scenario = {
  name: 'ticks',
  about: `${CHANGED} of the topics that are known change; mqttrep with MERGE_FREQUENCY 1`,
  async *run({ size }: Plan): AsyncGenerator<Result> {
    const counts = { quick: [CHANGED], full: [CHANGED, 200_000], large: [CHANGED, 200_000, 1_000_000] }[size];
    const columns: Column[] = [];
    const cost: number[] = [];
    let busy = Number.NaN;
    for (const topics of counts) {
      const runs = await changes(topics, size === 'quick' ? 1 : 3, size === 'quick' ? 2_000 : SETTLE);
      columns.push({ subject: `${topics.toLocaleString('en')} topics`, figures: figures(runs) });
      cost.push(median(valuesOf(runs, COST)));
      busy = median(valuesOf(runs, BUSY));
    }
    const [few = Number.NaN] = cost;
    yield {
      variant: '',
      columns,
      targets: [
        ...atMost('busy with the ticks, most topics', busy, TICK_TARGET, 'ms'),
        ...atMost('CPU a changed topic, most topics', cost.at(-1) ?? Number.NaN, FLAT_TARGET * few, 'µs'),
      ],
    };
  },
};

async function changes(topics: number, count: number, settle: number): Promise<Run[]> {
  const brokers = await startBrokers(2, GENEROUS);
  const [source, other] = [at(brokers, 0), at(brokers, 1)];
  const http = await freePort();
  const environment = { MQTTREP_MAX_TOPICS: '2000000', MQTTREP_HTTP: `127.0.0.1:${http}` };
  const replicator = await BenchedReplicator.start({ brokers: urlsOf(brokers), environment });
  await written(source.port, other.port, { topics, messages: topics, first: 0 });
  await wait(settle);

  const runs: Run[] = [];
  // Each run begins at topic 0 again: the first number is a multiple of the number of topics.
  for (let run = 1; run <= count; run++) {
    const pids = [replicator.pid];
    const [before, busyBefore] = [costsOf(pids), await busySeconds(http)];
    await written(source.port, other.port, { topics, messages: CHANGED, first: run * topics });
    await wait(settle / 2);
    const spent = spentSince(before, pids);
    const busy = (await busySeconds(http)) - busyBefore;
    runs.push({ [BUSY]: busy * 1000, [COST]: (spent * 1000) / CHANGED });
  }
  await replicator.stop();
  await stopBrokers(brokers);
  return runs;
}

/** Resolves when the last of those messages has arrived at the other broker. */
async function written(
  from: number,
  to: number,
  { topics, messages, first }: { topics: number; messages: number; first: number },
): Promise<void> {
  const reader = await Reader.at({ port: to, messages: first + messages, awaitedFrom: first });
  await write({ port: from, messages, topics, first });
  await reader.complete(LIMIT);
  reader.close();
}

/** Seconds that the reconciler has been busy with ticks so far. */
async function busySeconds(port: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^mqttrep_tick_seconds_sum (\S+)$/m.exec(metrics)?.[1]);
}
