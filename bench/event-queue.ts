/**
 * A queue of events for a broker that is away, and what happens when it comes back: what the queue takes on disk and in memory,
 * how soon and how fast it drains, and how long live events between the other brokers take meanwhile.
 */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Link } from '../spec/support/link.ts';
import { type MqttrepProcess, startMqttrep } from '../spec/support/mqttrep-process.ts';
import { tempFolder } from '../spec/support/temp-folder.ts';
import { at, GENEROUS, startBrokers, stopBrokers } from './brokers.ts';
import { Reader, type Reading, write } from './client-process.ts';
import { monotonic } from './clock.ts';
import { costsOf, peakMegabytes, residentMegabytes, spentSince } from './process-cost.ts';
import { environmentOf } from './replicator.ts';
import {
  figures,
  type Plan,
  type Result,
  type Run,
  type Scenario,
  type Size,
  type Target,
} from './scenario.ts';
import { greatest, percentile } from './statistics.ts';
import { atLeast, atMost, none } from './targets.ts';

const EVENTS: Readonly<Record<Size, number>> = { quick: 20_000, full: 500_000, large: 5_000_000 };
const TOPICS = 1_000;
const EVENT_BYTES = 100;

/** Live events between the two brokers that are there. */
const LIVE_PER_SECOND = 500;
const LIVE_SECONDS = 5;

/** Events that are written before the bench waits for mqttrep, so that the queue of the source does not grow instead. */
const CHUNK = 250_000;

const READY_TIMEOUT_MS = 60_000;
/** Of each thousand events. */
const ARRIVAL_TIMEOUT_MS = 1_000;

const DISK = 'log on disk, MB';
const DISK_EACH = 'log on disk an event, bytes';
const RESIDENT = 'resident with the queue, MB';
const PEAK = 'peak memory of mqttrep, MB';
const FIRST = 'connected again → first event, ms';
const FILL_RATE = 'events queued a second';
const DRAIN_RATE = 'events drained a second';
const DRAIN_COST = 'CPU of mqttrep a drained event, µs';
const P99_BEFORE = 'latency p99 of live events before, ms';
const P99_MEANWHILE = 'latency p99 of live events meanwhile, ms';
const MISSING = 'events that are missing';
const REPEATED = 'events that came twice';
const REVERSED = 'events out of order';

export const eventQueue: Scenario = {
  name: 'event-queue',
  about: `events of ${EVENT_BYTES} bytes over ${TOPICS} topics queue for a broker whose link is cut; then ${LIVE_PER_SECOND} live events/s beside the drain`,
  async *run({ size, mqttrep }: Plan): AsyncGenerator<Result> {
    if (mqttrep !== 'measured') return;
    const events = EVENTS[size];
    const run = await runOnce(events);
    yield {
      variant: `${events} events`,
      columns: [{ subject: 'mqttrep', figures: figures([run]) }],
      targets: targets(run, events),
    };
  },
};

async function runOnce(events: number): Promise<Run> {
  const brokers = await startBrokers(3, GENEROUS);
  const link = await Link.to(at(brokers, 2).port);
  const store = tempFolder('queue');
  const mqttrep = startMqttrep(
    environmentOf({
      brokers: { A: at(brokers, 0).url, B: at(brokers, 1).url, C: link.url },
      environment: { MQTTREP_MODE_BENCH: 'event', MQTTREP_STORE: store },
    }),
  );
  try {
    await Promise.all(
      ['A', 'B', 'C'].map(name => mqttrep.line(`${name}: events: connected`, READY_TIMEOUT_MS)),
    );
    return await measure(
      { mqttrep, link, store, ports: brokers.map(({ port }) => port) as [number, number, number] },
      events,
    );
  } finally {
    await mqttrep.stop();
    await link.close();
    await stopBrokers(brokers);
  }
}

interface Bed {
  readonly mqttrep: MqttrepProcess;
  /** To the last broker. */
  readonly link: Link;
  readonly store: string;
  readonly ports: readonly [source: number, other: number, away: number];
}

async function measure({ mqttrep, link, store, ports }: Bed, events: number): Promise<Run> {
  const [source, other, away] = ports;
  const pids = [mqttrep.pid];
  link.cut();
  const filling = monotonic();
  for (let first = 0; first < events; first += CHUNK) {
    const count = Math.min(CHUNK, events - first);
    await passed(source, other, first, count);
  }
  const fillSeconds = (monotonic() - filling) / 1_000;
  const live = LIVE_PER_SECOND * LIVE_SECONDS;
  const before = await liveLatency(source, other, events, live);
  // Garbage is collected when a thread has been idle.
  await wait(15_000);
  const resident = residentMegabytes(pids);
  const disk = folderMegabytes(join(store, 'events'));

  const all = events + 2 * live;
  const drained = await Reader.at({ port: away, messages: all, awaitedFrom: 0 });
  const costs = costsOf(pids);
  link.heal();
  await mqttrep.line('C: events: connected with MQTT 5; the broker kept', READY_TIMEOUT_MS);
  const connectedAt = monotonic();
  const meanwhile = await liveLatency(source, other, events + live, live);
  await drained.complete(ARRIVAL_TIMEOUT_MS * Math.ceil(all / 1_000) + READY_TIMEOUT_MS);
  const spent = spentSince(costs, pids);
  const reading = await drained.reading();
  drained.close();
  return {
    [FILL_RATE]: events / fillSeconds,
    [DISK]: disk,
    [DISK_EACH]: (disk * 1e6) / (events + live),
    [RESIDENT]: resident,
    [PEAK]: peakMegabytes(pids),
    [FIRST]: (reading.deliveredAt[0] ?? Number.NaN) - connectedAt,
    [DRAIN_RATE]: drainRate(reading, events),
    [DRAIN_COST]: (spent * 1_000) / all,
    [P99_BEFORE]: before,
    [P99_MEANWHILE]: meanwhile,
    [MISSING]: reading.missing,
    [REPEATED]: reading.repeated,
    [REVERSED]: reading.reversed,
  };
}

/** Writes events, and waits until the other broker has the last ones. */
async function passed(source: number, other: number, first: number, count: number): Promise<void> {
  const messages = first + count;
  const reader = await Reader.at({ port: other, messages, awaitedFrom: Math.max(first, messages - TOPICS) });
  await write({ port: source, messages: count, topics: TOPICS, size: EVENT_BYTES, first });
  await reader.complete(ARRIVAL_TIMEOUT_MS * Math.ceil(count / 1_000) + READY_TIMEOUT_MS);
  reader.close();
}

/** The 99th percentile of the milliseconds from the write of a live event to its arrival at the other broker. */
async function liveLatency(source: number, other: number, first: number, count: number): Promise<number> {
  const reader = await Reader.at({ port: other, messages: first + count, awaitedFrom: first });
  const { sentAt } = await write({
    port: source,
    messages: count,
    topics: TOPICS,
    size: EVENT_BYTES,
    first,
    rate: LIVE_PER_SECOND,
  });
  await reader.complete(READY_TIMEOUT_MS);
  const { arrivedAt } = await reader.reading();
  reader.close();
  const latencies = Array.from(sentAt, (sent, index) => (arrivedAt[first + index] ?? Number.NaN) - sent);
  return percentile(latencies, 0.99);
}

/** From the first event of the queue to the last one. */
function drainRate({ arrivedAt }: Reading, events: number): number {
  const first = arrivedAt[0] ?? Number.NaN;
  return (events * 1_000) / (greatest(arrivedAt.subarray(0, events)) - first);
}

function folderMegabytes(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) / 1e6;
}

function targets(run: Run, events: number): Target[] {
  const value = (name: string) => run[name] ?? Number.NaN;
  return [
    // 1 GB for five million.
    ...atMost('disk', value(DISK), Math.max(1, events * 200e-6), 'MB'),
    ...atMost('resident memory with the queue', value(RESIDENT), 200, 'MB'),
    ...atMost('the first event after the connection', value(FIRST), 1_000, 'ms'),
    ...atLeast('drain', value(DRAIN_RATE), 10_000, 'events/s'),
    ...atMost('p99 of live events meanwhile', value(P99_MEANWHILE), 100, 'ms'),
    ...none('events missing, twice or out of order', value(MISSING) + value(REPEATED) + value(REVERSED)),
  ];
}
