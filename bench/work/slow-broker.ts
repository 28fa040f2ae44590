/**
 * One broker is behind a link that carries a tenth of what is written, or nothing. Measures how that affects the other
 * brokers and the memory.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { at, GENEROUS } from '../brokers.ts';
import { type Reader, write } from '../client-process.ts';
import { monotonic } from '../clock.ts';
import { comparison, type FigureOf } from '../comparison.ts';
import { DIVERGING } from '../run-load.ts';
import type { Run, Target } from '../scenario.ts';
import { percentile } from '../statistics.ts';
import { atMost } from '../targets.ts';
import type { TestBed } from '../test-bed.ts';

const MESSAGES_PER_SECOND = 1_000;
/** With all headers. */
const MESSAGE_BYTES = 130;
const SLOW_BYTES_PER_SECOND = (MESSAGES_PER_SECOND * MESSAGE_BYTES) / 10;

/** Longest wait for the hindered broker after the last write. */
const CATCH_UP_TIMEOUT_MS = 60_000;

const P99_BEFORE = 'latency p99 at the fast one before, ms';
const P99_MEANWHILE = 'latency p99 at the fast one meanwhile, ms';
const GROWTH = 'growth of memory, MB';
const CATCH_UP = 'last write → last value at the hindered one, s';

interface Hindrance {
  readonly variant: string;
  /** Begins the hindrance. */
  readonly hinder: (testBed: TestBed) => void;
  /** Ends the hindrance, after the last write. */
  readonly release?: (testBed: TestBed) => void;
}

const HINDRANCES: readonly Hindrance[] = [
  { variant: 'a tenth of that', hinder: testBed => testBed.throttle(SLOW_BYTES_PER_SECOND) },
  {
    variant: 'nothing, its link is cut',
    hinder: testBed => testBed.cut(),
    release: testBed => testBed.heal(),
  },
];

export const slowBroker = comparison({
  name: 'slow-broker',
  about: `three brokers, ${MESSAGES_PER_SECOND} messages/s over 1000 topics; then the third one takes …`,
  cases(size) {
    const seconds = size === 'quick' ? 0.5 : 3;
    const topics = size === 'quick' ? 100 : 1_000;
    return HINDRANCES.map(hindrance => ({
      variant: hindrance.variant,
      brokers: 3,
      config: GENEROUS,
      lastBroker: 'behind a link',
      mqttrep: [{ label: ', 20 Hz', mergeFrequency: 20 }],
      runs: size === 'quick' ? 1 : 3,
      measure: testBed => runOnce(testBed, hindrance, seconds * MESSAGES_PER_SECOND, topics),
      judge: targets,
    }));
  },
});

async function runOnce(
  testBed: TestBed,
  { hinder, release }: Hindrance,
  messages: number,
  topics: number,
): Promise<Run> {
  await testBed.join();
  const before = await burst(testBed, topics, 0, messages);
  await before.hindered.complete(CATCH_UP_TIMEOUT_MS);
  await wait(1_000);
  const resident = testBed.resident().all;
  hinder(testBed);
  const meanwhile = await burst(testBed, topics, messages, messages);
  const growth = testBed.resident().all - resident;
  release?.(testBed);
  await meanwhile.hindered.complete(CATCH_UP_TIMEOUT_MS);
  const { arrivedAt, missing } = await meanwhile.hindered.reading();
  const last = arrivedAt.reduce((most, value) => (value > most ? value : most), 0);
  return {
    [P99_BEFORE]: before.p99,
    [P99_MEANWHILE]: meanwhile.p99,
    [GROWTH]: growth,
    [CATCH_UP]: missing > 0 ? Number.POSITIVE_INFINITY : (last - meanwhile.end) / 1000,
    [DIVERGING]: await testBed.countDiverging(topics),
  };
}

/** Writes `count` messages from number `first` on. Resolves when the fast broker has the last of them. */
async function burst(
  testBed: TestBed,
  topics: number,
  first: number,
  count: number,
): Promise<{ hindered: Reader; p99: number; end: number }> {
  const messages = first + count;
  const readers = await testBed.read({ messages, awaitedFrom: messages - topics });
  const { sentAt } = await write({
    port: testBed.source.port,
    messages: count,
    topics,
    rate: MESSAGES_PER_SECOND,
    first,
  });
  const end = monotonic();
  const fast = at(readers, 0);
  await fast.complete(CATCH_UP_TIMEOUT_MS);
  const { arrivedAt } = await fast.reading();
  const latenciesMs = Array.from(
    sentAt,
    (sent, message) => (arrivedAt[first + message] ?? Number.NaN) - sent,
  );
  return { hindered: at(readers, 1), p99: percentile(latenciesMs, 0.99), end };
}

function targets(median: FigureOf): Target[] {
  const slower = (median('mqttrep, 20 Hz', P99_MEANWHILE) / median('mqttrep, 20 Hz', P99_BEFORE) - 1) * 100;
  return [...atMost('p99 at the other brokers slower by', slower, 10, '%')];
}
