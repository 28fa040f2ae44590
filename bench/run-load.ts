/** A load that is written at the source and read at all other brokers. Most scenarios use it. */

import { setTimeout as wait } from 'node:timers/promises';
import { type Reading, type Written, write } from './client-process.ts';
import { monotonic } from './clock.ts';
import type { Costs } from './process-cost.ts';
import type { Run } from './scenario.ts';
import { greatest, percentile } from './statistics.ts';
import type { TestBed } from './test-bed.ts';

export interface Load {
  readonly messages: number;
  /** Default: each message has its own topic. */
  readonly topics?: number;
  /** Bytes of a payload; default: 100. */
  readonly size?: number;
  /** Messages a second; default: as fast as the broker takes them. */
  readonly rate?: number;
  /** Of a load with a rate: seconds at its beginning that are not measured, so that the start of a process does not count. */
  readonly warmUpSeconds?: number;
  /** Longest wait for the last values after the last write. */
  readonly timeoutMs?: number;
}

export interface FillOptions {
  readonly topics: number;
  /** Longest wait for the last topic. */
  readonly timeoutMs: number;
}

export const EQUAL_AFTER = 'until equal, s';
export const LAST = 'last value after the last write, ms';
const DELIVERIES = 'deliveries a topic';
export const DIVERGING = 'topics that differ in the end';
const SUBJECT_CPU = 'CPU of the subject, s';
const BROKER_CPU = 'CPU of the brokers, s';
export const SUBJECT_COST = 'CPU of the subject a message, µs';
export const TOTAL_COST = 'CPU of all a message, µs';
export const PEAK = 'peak memory of the subject, MB';
const BROKER_PEAK = 'peak memory of the brokers, MB';
export const TOTAL_PEAK = 'peak memory of all, MB';
export const P50 = 'latency p50, ms';
export const P99 = 'latency p99, ms';

const ARRIVAL_TIMEOUT_MS = 60_000;

/** The echo and the acknowledgements that follow the last value are part of its cost. */
const AFTER_LOAD_MS = 500;

export async function runLoad(testBed: TestBed, load: Load): Promise<Run> {
  const { messages, topics = messages, timeoutMs = ARRIVAL_TIMEOUT_MS, warmUpSeconds = 0, ...how } = load;
  const first = warmUpSeconds * (how.rate ?? 0);
  const readers = await testBed.read({ messages, awaitedFrom: messages - topics });
  const writing = write({ port: testBed.source.port, messages, topics, ...how });
  if (first > 0) await wait(warmUpSeconds * 1000);
  const before = testBed.costs();
  const written = await writing;
  const deadline = performance.now() + timeoutMs;
  await Promise.all(readers.map(reader => reader.complete(deadline - performance.now())));
  await wait(AFTER_LOAD_MS);
  const costs = costFigures(testBed, before, messages - first);
  const readings = await Promise.all(readers.map(reader => reader.reading()));
  return {
    [EQUAL_AFTER]: equalAfter(written.sentAt[0] ?? Number.NaN, readings),
    [LAST]: 1000 * equalAfter(written.takenAt[messages - 1] ?? Number.NaN, readings),
    [DELIVERIES]: deliveriesATopic(readings, topics),
    [DIVERGING]: await testBed.countDiverging(topics),
    ...costs,
    ...latencies(written, readings, first),
  };
}

/** Measures from `begin` until all retained topics of the source are at the other brokers. */
export async function fill(
  testBed: TestBed,
  { topics, timeoutMs }: FillOptions,
  begin: () => Promise<void>,
): Promise<Run> {
  const before = testBed.costs();
  const start = monotonic();
  await begin();
  const readers = await testBed.read({ messages: topics, awaitedFrom: 0 });
  await Promise.all(readers.map(reader => reader.complete(timeoutMs)));
  const costs = costFigures(testBed, before, topics);
  const readings = await Promise.all(readers.map(reader => reader.reading()));
  return {
    [EQUAL_AFTER]: equalAfter(start, readings),
    [DELIVERIES]: deliveriesATopic(readings, topics),
    [DIVERGING]: await testBed.countDiverging(topics),
    ...costs,
  };
}

/** Seconds from `start` until each awaited message has arrived at least once; Infinity if one never arrived. */
function equalAfter(start: number, readings: readonly Reading[]): number {
  if (readings.some(({ missing }) => missing > 0)) return Number.POSITIVE_INFINITY;
  const last = readings.reduce((latest, { arrivedAt }) => Math.max(latest, greatest(arrivedAt)), start);
  return (last - start) / 1000;
}

/** The mean over all brokers and topics. */
function deliveriesATopic(readings: readonly Reading[], topics: number): number {
  const deliveries = readings.reduce((sum, { deliveredAt }) => sum + deliveredAt.length, 0);
  return deliveries / topics / readings.length;
}

function costFigures(testBed: TestBed, before: Costs, messages: number): Run {
  const spent = testBed.spentSince(before);
  const peak = testBed.peak();
  return {
    [SUBJECT_CPU]: spent.subject / 1000,
    [BROKER_CPU]: spent.brokers / 1000,
    [SUBJECT_COST]: (spent.subject * 1000) / messages,
    [TOTAL_COST]: ((spent.subject + spent.brokers) * 1000) / messages,
    [PEAK]: peak.subject,
    [BROKER_PEAK]: peak.brokers,
    [TOTAL_PEAK]: peak.brokers + (Number.isNaN(peak.subject) ? 0 : peak.subject),
  };
}

/** The times from the write of a message to its arrival at each broker, for all messages from `first` on that arrived. */
function latencies({ sentAt }: Written, readings: readonly Reading[], first: number): Run {
  const latenciesMs: number[] = [];
  for (const { arrivedAt } of readings) {
    for (const [message, sent] of sentAt.entries()) {
      if (message < first) continue;
      const milliseconds = (arrivedAt[message] ?? Number.NaN) - sent;
      if (!Number.isNaN(milliseconds)) latenciesMs.push(milliseconds);
    }
  }
  return { [P50]: percentile(latenciesMs, 0.5), [P99]: percentile(latenciesMs, 0.99) };
}
