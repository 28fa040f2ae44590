/** Many topics at once: how fast an empty broker is filled, and what a topic costs in memory. */

import { setTimeout as wait } from 'node:timers/promises';
import {
  at,
  DropCount,
  startBrokers,
  stopBrokers,
  UNLIMITED_INFLIGHT,
  UNLIMITED_QUEUE,
  urlsOf,
} from './brokers.ts';
import { Reader, write } from './client-process.ts';
import { monotonic } from './clock.ts';
import { BenchedReplicator } from './replicator.ts';
import { figures, type Load, type Result, type Run, type Scenario } from './scenario.ts';

const MISSING = 'topics missing at B';

const VARIANTS = [
  { variant: "mosquitto's defaults", config: [] },
  { variant: 'max_inflight_messages 0', config: UNLIMITED_INFLIGHT },
  {
    variant: 'max_inflight_messages 0, max_queued_messages 0',
    config: [...UNLIMITED_INFLIGHT, ...UNLIMITED_QUEUE],
  },
];

/** Longest wait for the empty broker to be filled, in milliseconds. */
const LIMIT = 60_000;

/** Memory is looked at when what is overdue has been looked after, so many milliseconds after the fill. */
const SETTLED_AFTER = 15_000;

export const topics: Scenario = {
  name: 'topics',
  about: '100,000 retained topics of 100 bytes at one broker, the other one empty',
  async *run(load: Load): AsyncGenerator<Result> {
    const count = load === 'quick' ? 5_000 : 100_000;
    const empty = await withoutTopics();
    for (const { variant, config } of VARIANTS) {
      const run = await once(count, config, empty, load === 'quick' ? 1_000 : SETTLED_AFTER);
      yield {
        variant,
        figures: figures([run]),
        targets: [{ claim: 'every topic arrives', reached: run[MISSING] === 0 }],
      };
    }
  },
};

/** What mqttrep takes with two brokers and no topic. */
interface Empty {
  readonly megabytes: number;
  /** To start, in milliseconds. */
  readonly cpu: number;
}

async function withoutTopics(): Promise<Empty> {
  const brokers = await startBrokers(2);
  const replicator = await BenchedReplicator.start({ brokers: urlsOf(brokers) });
  const { user, system } = replicator.cpu();
  await wait(2_000);
  const megabytes = replicator.residentMegabytes();
  await replicator.stop();
  await stopBrokers(brokers);
  return { megabytes, cpu: user + system };
}

async function once(count: number, config: readonly string[], empty: Empty, settled: number): Promise<Run> {
  const brokers = await startBrokers(2, config);
  const [full, other] = [at(brokers, 0), at(brokers, 1)];
  const drops = await Promise.all(brokers.map(broker => DropCount.at(broker)));
  await write({ port: full.port, messages: count });
  const reader = await Reader.at({ port: other.port, messages: count, awaitedFrom: 0 });

  const start = monotonic();
  const replicator = await BenchedReplicator.start({ brokers: urlsOf(brokers) });
  const ready = monotonic();
  await reader.complete(LIMIT);
  const { arrivedAt, deliveredAt, missing, repeated } = await reader.reading();
  const filled = replicator.residentMegabytes();
  const cpu = replicator.cpu();
  await wait(settled);
  const resident = replicator.residentMegabytes();
  const later = replicator.cpu();
  reader.close();
  const [droppedAtA, droppedAtB] = await Promise.all(drops.map(count => count.end()));
  const complaints = replicator.complaints.length;
  const { reconciler = {}, A = {}, B = {} } = await replicator.stop();
  await stopBrokers(brokers);

  const end = missing > 0 ? Number.POSITIVE_INFINITY : Math.max(...arrivedAt.slice(-count).values());
  return {
    'start → both replays over, s': (ready - start) / 1000,
    'start → equal, s': (end - start) / 1000,
    [MISSING]: missing,
    'CPU a topic until then, µs': ((cpu.user + cpu.system - empty.cpu) * 1000) / count,
    [`CPU in the ${settled / 1000} s after, ms`]: later.user + later.system - cpu.user - cpu.system,
    'delivered at B': deliveredAt.length,
    'delivered twice at B': repeated,
    'received at A': A['received'] ?? Number.NaN,
    'published at B': B['published'] ?? Number.NaN,
    'echoes at B': reconciler['echo'] ?? Number.NaN,
    'of the replay dropped by mosquitto A': droppedAtA ?? Number.NaN,
    'echoes dropped by mosquitto B': droppedAtB ?? Number.NaN,
    'warnings of mqttrep': complaints,
    'resident without topics, MB': empty.megabytes,
    'resident when filled, MB': filled,
    'resident after, MB': resident,
    'resident a topic, bytes': ((resident - empty.megabytes) * 1e6) / (count - missing),
  };
}
