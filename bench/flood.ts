/** Many messages over few topics, as fast as the broker takes them: the cost of a message. */

import { setTimeout as wait } from 'node:timers/promises';
import {
  at,
  DropCount,
  differing,
  startBrokers,
  stopBrokers,
  UNLIMITED_INFLIGHT,
  UNLIMITED_QUEUE,
  urlsOf,
} from './brokers.ts';
import { BareClient, Reader, write } from './client-process.ts';
import { BenchedReplicator, cpuBetween } from './replicator.ts';
import {
  figures,
  type Load,
  type Result,
  type Run,
  type Scenario,
  type Target,
  valuesOf,
} from './scenario.ts';
import { median } from './statistics.ts';

const TOPICS = 1_000;
const MERGE_FREQUENCY = 10;

/** Milliseconds from the last write to the last value at the other broker. */
const SETTLE_TARGET = 1000 / MERGE_FREQUENCY + 250;
/** Microseconds of processor time a message. */
const CPU_TARGET = 11;

/** Values that have not arrived so many milliseconds after the last write are lost. */
const LOST_AFTER = 20_000;

const SETTLE = 'last write → last value, ms';
const COST = 'CPU a message, µs';
const DIFFERING = 'topics that differ in the end';

const VARIANTS = [
  { variant: 'max_queued_messages 0', config: UNLIMITED_QUEUE, judged: true },
  {
    variant: 'max_queued_messages 0, max_inflight_messages 0',
    config: [...UNLIMITED_QUEUE, ...UNLIMITED_INFLIGHT],
  },
  { variant: "mosquitto's defaults", config: [] },
] as const;

const BARE = [
  ['a bare MQTT.js subscriber instead', 1],
  ['MQTT.js that hands on the newest of each topic at each tick instead', 2],
] as const;

export const flood: Scenario = {
  name: 'flood',
  about: `200,000 retained QoS 1 messages of 100 bytes over ${TOPICS} topics, MERGE_FREQUENCY ${MERGE_FREQUENCY}`,
  async *run(load: Load): AsyncGenerator<Result> {
    const messages = load === 'quick' ? 20_000 : 200_000;
    for (const { variant, config, ...rest } of VARIANTS) {
      const runs: Run[] = [];
      const judged = 'judged' in rest;
      const count = load === 'quick' ? 1 : judged ? 5 : 3;
      while (runs.length < count) runs.push(await once(messages, config));
      yield { variant, figures: figures(runs), targets: judged ? targets(runs) : [] };
    }
    for (const [variant, count] of BARE) {
      yield { variant, figures: figures([await bare(messages, count)]), targets: [] };
    }
  },
};

async function once(messages: number, config: readonly string[]): Promise<Run> {
  const brokers = await startBrokers(2, config);
  const [source, other] = [at(brokers, 0), at(brokers, 1)];
  const drops = await DropCount.at(source);
  const replicator = await BenchedReplicator.start({
    brokers: urlsOf(brokers),
    mergeFrequency: MERGE_FREQUENCY,
  });
  const reader = await Reader.at({ port: other.port, messages, awaitedFrom: messages - TOPICS });
  const before = replicator.cpu();

  const { sentAt, takenAt } = await write({ port: source.port, messages, topics: TOPICS });
  await reader.complete(LOST_AFTER);
  // What follows the last value, its echo and acknowledgements, is part of its cost.
  await wait(500);
  const cpu = cpuBetween(before, replicator.cpu());

  const { arrivedAt, deliveredAt, missing } = await reader.reading();
  reader.close();
  const lastWrite = takenAt[messages - 1] ?? Number.NaN;
  const lastValue = Math.max(...arrivedAt.slice(messages - TOPICS));
  const wall = lastWrite - (sentAt[0] ?? Number.NaN);
  const resident = replicator.residentMegabytes();
  const differ = await differing(brokers);
  const dropped = await drops.end();
  const complaints = replicator.complaints.length;
  const { A = {}, B = {} } = await replicator.stop();
  await stopBrokers(brokers);

  return {
    'time to write, s': wall / 1000,
    'written, messages/s': (messages / wall) * 1000,
    [SETTLE]: missing > 0 ? Number.POSITIVE_INFINITY : lastValue - lastWrite,
    [COST]: (cpu.total * 1000) / messages,
    'of it user, µs': (cpu.user * 1000) / messages,
    'of it system, µs': (cpu.system * 1000) / messages,
    'received by mqttrep at A': A['received'] ?? Number.NaN,
    'published by mqttrep at B': B['published'] ?? Number.NaN,
    'delivered to a reader at B': deliveredAt.length,
    'dropped by mosquitto A': dropped,
    'last values missing at B': missing,
    [DIFFERING]: differ,
    'warnings of mqttrep': complaints,
    'resident, MB': resident,
  };
}

/** What of the cost of a message nobody who works by MQTT.js can save: only to read, or to hand on as well. */
async function bare(messages: number, count: 1 | 2): Promise<Run> {
  const brokers = await startBrokers(count, UNLIMITED_QUEUE);
  const { port } = at(brokers, 0);
  const to = brokers[1] && { port: brokers[1].port, period: 1000 / MERGE_FREQUENCY };
  const client = await BareClient.at({ port, ...(to === undefined ? {} : { to }) });
  await write({ port, messages, topics: TOPICS });
  await wait(500);
  const { received, published, cpu } = await client.reading();
  client.close();
  await stopBrokers(brokers);
  return { received, published, [COST]: (cpu * 1000) / received };
}

function targets(runs: readonly Run[]): Target[] {
  return [
    {
      claim: `every run: all last values at the other broker within ${SETTLE_TARGET} ms of the last write`,
      reached: valuesOf(runs, SETTLE).every(value => value <= SETTLE_TARGET),
    },
    {
      claim: `median: at most ${CPU_TARGET} µs of processor time a message`,
      reached: median(valuesOf(runs, COST)) <= CPU_TARGET,
    },
    {
      claim: 'every run: the brokers end equal',
      reached: valuesOf(runs, DIFFERING).every(value => value === 0),
    },
  ];
}
