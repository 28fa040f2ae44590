/** A load that is written at the source and read at all other brokers: the part that most works have in common. */

import { setTimeout as wait } from 'node:timers/promises';
import { type Reading, type Written, write } from './client-process.ts';
import { monotonic } from './clock.ts';
import type { Costs } from './process-cost.ts';
import type { Run } from './scenario.ts';
import { greatest, percentile } from './statistics.ts';
import type { TestBed } from './test-bed.ts';

export interface Load {
  readonly messages: number;
  /** Default: each message has its own. */
  readonly topics?: number;
  /** Bytes of a payload; default 100. */
  readonly size?: number;
  /** Messages a second; default as fast as the broker takes them. */
  readonly rate?: number;
  /** Longest wait for the last values after the last write, in milliseconds. */
  readonly within?: number;
}

export interface Filling {
  readonly topics: number;
  /** Longest wait for the last of them, in milliseconds. */
  readonly within: number;
}

export const EQUAL_AFTER = 'until equal, s';
export const LAST = 'last value after the last write, ms';
const DELIVERIES = 'deliveries a topic';
export const DIVERGING = 'topics that differ in the end';
const SUBJECT_CPU = 'CPU of the subject, s';
const BROKER_CPU = 'CPU of the brokers, s';
export const SUBJECT_COST = 'CPU of the subject a message, µs';
export const TOTAL_COST = 'CPU of all a message, µs';
const PEAK = 'peak memory of the subject, MB';
const BROKER_PEAK = 'peak memory of the brokers, MB';
export const TOTAL_PEAK = 'peak memory of all, MB';
export const P50 = 'latency p50, ms';
const P99 = 'latency p99, ms';

const ARRIVAL_LIMIT = 60_000;

/** What follows the last value, its echo and acknowledgements, is part of its cost; in milliseconds. */
const AFTERMATH = 500;

export async function runLoad(testBed: TestBed, load: Load): Promise<Run> {
  const { messages, topics = messages, within = ARRIVAL_LIMIT, ...how } = load;
  const readers = await testBed.read({ messages, awaitedFrom: messages - topics });
  const before = testBed.costs();
  const written = await write({ port: testBed.source.port, messages, topics, ...how });
  const deadline = performance.now() + within;
  await Promise.all(readers.map(reader => reader.complete(deadline - performance.now())));
  await wait(AFTERMATH);
  const costs = costFigures(testBed, before, messages);
  const readings = await Promise.all(readers.map(reader => reader.reading()));
  return {
    [EQUAL_AFTER]: equalAfter(written.sentAt[0] ?? Number.NaN, readings),
    [LAST]: 1000 * equalAfter(written.takenAt[messages - 1] ?? Number.NaN, readings),
    [DELIVERIES]: deliveriesATopic(readings, topics),
    [DIVERGING]: await testBed.diverging(topics),
    ...costs,
    ...latencies(written, readings),
  };
}

/** All retained topics of the source come to the other brokers, from something on that is done now. */
export async function fill(
  testBed: TestBed,
  { topics, within }: Filling,
  begin: () => Promise<void>,
): Promise<Run> {
  const before = testBed.costs();
  const start = monotonic();
  await begin();
  const readers = await testBed.read({ messages: topics, awaitedFrom: 0 });
  await Promise.all(readers.map(reader => reader.complete(within)));
  const costs = costFigures(testBed, before, topics);
  const readings = await Promise.all(readers.map(reader => reader.reading()));
  return {
    [EQUAL_AFTER]: equalAfter(start, readings),
    [DELIVERIES]: deliveriesATopic(readings, topics),
    [DIVERGING]: await testBed.diverging(topics),
    ...costs,
  };
}

/** Seconds from that moment to the last first arrival of what was awaited; Infinity if something never came. */
function equalAfter(start: number, readings: readonly Reading[]): number {
  if (readings.some(({ missing }) => missing > 0)) return Number.POSITIVE_INFINITY;
  const last = readings.reduce((latest, { arrivedAt }) => Math.max(latest, greatest(arrivedAt)), start);
  return (last - start) / 1000;
}

/** At one broker, over all topics. */
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

/** Of what arrived, from the write of a message to its arrival at each of those brokers. */
function latencies({ sentAt }: Written, readings: readonly Reading[]): Run {
  const taken: number[] = [];
  for (const { arrivedAt } of readings) {
    for (const [message, sent] of sentAt.entries()) {
      const milliseconds = (arrivedAt[message] ?? Number.NaN) - sent;
      if (!Number.isNaN(milliseconds)) taken.push(milliseconds);
    }
  }
  return { [P50]: percentile(taken, 0.5), [P99]: percentile(taken, 0.99) };
}
