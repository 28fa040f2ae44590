/**
 * The cost of the store: processor time for each changed topic, on disk and in memory, with the same commits. Also the
 * time of a restart with many topics in the store.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyRegister, type Message } from '../lib/core/register.ts';
import { DiskStore } from '../lib/store/disk-store.ts';
import { NoStore } from '../lib/store/no-store.ts';
import type { StateStore, StoredTopic } from '../lib/store/state-store.ts';
import { TestClient } from '../spec/support/client.ts';
import { at, GENEROUS, startBrokers, stopBrokers, urlsOf } from './brokers.ts';
import { Reader, write } from './client-process.ts';
import { monotonic } from './clock.ts';
import { ROOT } from './message.ts';
import { spentSince } from './process-cost.ts';
import { ReplicatorProcess, type Settings } from './replicator.ts';
import { figures, type Plan, type Result, type Run, type Scenario, valuesOf } from './scenario.ts';
import { median } from './statistics.ts';
import { atMost } from './targets.ts';

const BROKERS = ['A', 'B'];
const COST_TARGET_US = 3;
const RESTART_TARGET_MS = 3_000;
const COST = 'CPU a changed topic on disk, µs';
const CARRIED = 'start → a topic written meanwhile at A is at B, ms';

/** The number of changed topics in each commit, and the number of commits. */
const COMMITS = [
  { topics: 1_000, commits: 100 },
  { topics: 10_000, commits: 20 },
  { topics: 100_000, commits: 6 },
] as const;

export const store: Scenario = {
  name: 'store',
  about: 'topics with payloads of 100 bytes, held by two brokers; mqttrep',
  async *run({ size }: Plan): AsyncGenerator<Result> {
    for (const { topics, commits } of COMMITS.slice(0, size === 'quick' ? 1 : 3)) {
      const run = await costs(topics, commits);
      yield {
        variant: `${topics.toLocaleString('en')} topics change in each commit`,
        columns: [{ subject: 'the store', figures: figures([run]) }],
        targets: atMost('CPU a changed topic', run[COST] ?? Number.NaN, COST_TARGET_US, 'µs'),
      };
    }
    const topics = { quick: 5_000, full: 100_000, large: 1_000_000 }[size];
    const runs = await restarts(topics, size === 'full' ? 5 : 1);
    const carried = median(valuesOf(runs, CARRIED));
    yield {
      variant: `a restart with ${topics.toLocaleString('en')} topics in the store`,
      columns: [{ subject: 'mqttrep', figures: figures(runs) }],
      targets: atMost(
        'until the topic written meanwhile is at the other broker',
        carried,
        RESTART_TARGET_MS,
        'ms',
      ),
    };
  },
};

// ── commits ──────────────────────────────────────────────────────────────────────────────────────────

async function costs(topics: number, commits: number): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'mqttrep-bench-store-'));
  const disk = new DiskStore(folder, BROKERS);
  const memory = new NoStore();
  const cpu = { disk: 0, memory: 0 };
  let wall = 0;
  await disk.load();
  const all = new Map<string, StoredTopic>();
  for (let commit = 0; commit < commits; commit++) {
    for (let index = 0; index < topics; index++) all.set(`${ROOT}/site/${index}/value`, topic(commit));
    const onDisk = await committed(disk, all);
    cpu.memory += (await committed(memory, all)).cpu;
    // The first commit writes a new file.
    if (commit === 0) continue;
    cpu.disk += onDisk.cpu;
    wall += onDisk.wall;
  }
  const before = process.cpuUsage();
  await disk.close();
  cpu.disk += used(before);
  const start = monotonic();
  const again = new DiskStore(folder, BROKERS);
  await again.load();
  const read = monotonic() - start;
  await again.close();
  rmSync(folder, { recursive: true });
  return {
    [COST]: cpu.disk / (topics * (commits - 1)),
    'CPU a changed topic in memory, µs': cpu.memory / (topics * commits),
    'a commit until it is durable, ms': wall / (commits - 1),
    'all read again, ms': read,
  };
}

async function committed(
  store: StateStore,
  all: Map<string, StoredTopic>,
): Promise<{ cpu: number; wall: number }> {
  const start = monotonic();
  const before = process.cpuUsage();
  await new Promise<void>((resolve, reject) => {
    store.commit({ topics: all, metadata: undefined, all }, error =>
      error === undefined ? resolve() : reject(error),
    );
  });
  const wall = monotonic() - start;
  // A store finishes the work of a commit before it begins the next one, so the empty commit waits for it.
  await new Promise<void>(resolve =>
    store.commit({ topics: new Map(), metadata: undefined, all }, () => resolve()),
  );
  return { cpu: used(before), wall };
}

/** A topic whose winner both brokers hold. */
function topic(commit: number): StoredTopic {
  const winner: Message = {
    payload: String(commit).padStart(100, 'x'),
    properties: '',
    version: { time: 1_700_000_000_000 + commit, counter: 0, replica: 'abcdefghij' },
    origin: 0,
    messageExpiresAt: Number.POSITIVE_INFINITY,
    ttlExpiresAt: Number.POSITIVE_INFINITY,
  };
  return { register: { ...emptyRegister(2), winner, held: [winner, winner] }, seenAt: [commit, commit] };
}

/** Microseconds. */
function used(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

// ── a restart ────────────────────────────────────────────────────────────────────────────────────────

async function restarts(count: number, times: number): Promise<Run[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mqttrep-bench-store-'));
  const brokers = await startBrokers(2, GENEROUS);
  const [a, b] = [at(brokers, 0), at(brokers, 1)];
  const settings = { brokers: urlsOf(brokers), environment: { MQTTREP_STORE: folder } };
  const first = await ReplicatorProcess.start(settings);
  const reader = await Reader.at({ port: b.port, messages: count, awaitedFrom: 0 });
  await write({ port: a.port, messages: count });
  await reader.complete(120_000);
  reader.close();
  await first.stop();
  const runs: Run[] = [];
  while (runs.length < times)
    runs.push(await restart(`${ROOT}/meanwhile/${runs.length}`, a.url, b.url, settings));
  await stopBrokers(brokers);
  rmSync(folder, { recursive: true });
  return runs;
}

async function restart(topic: string, a: string, b: string, settings: Settings): Promise<Run> {
  const [writer, watcher] = [await TestClient.connect(a), await TestClient.connect(b)];
  await writer.publish(topic, 'written', { retain: true });
  await watcher.subscribe(topic);
  const start = monotonic();
  const replicator = await ReplicatorProcess.start(settings);
  const ready = monotonic() - start;
  await watcher.waitFor(message => message.topic === topic, 60_000);
  const carried = monotonic() - start;
  const spent = spentSince(new Map(), [replicator.pid]);
  await Promise.all([writer.end(), watcher.end()]);
  await replicator.stop();
  return {
    'start → the first broker is caught up, ms': replicator.firstReadyAt - start,
    'start → both brokers are caught up, ms': ready,
    [CARRIED]: carried,
    'CPU until then, ms': spent,
  };
}
