/** A broker full of retained topics meets an empty one. */

import { GENEROUS } from '../brokers.ts';
import { write } from '../client-process.ts';
import { type Case, comparison, type FigureOf } from '../comparison.ts';
import { EQUAL_AFTER, fill } from '../run-load.ts';
import type { Run } from '../scenario.ts';
import { mosquittoBridge } from '../subjects/mosquitto-bridge.ts';
import { atMost } from '../targets.ts';
import type { TestBed } from '../test-bed.ts';

/** The factor to the time of mosquitto's bridge. */
const TIME_RATIO_TARGET = 1.3;

/** Longest wait until the empty broker is filled. */
const FILL_TIMEOUT_MS = 240_000;

export const firstContact = comparison({
  name: 'first-contact',
  about:
    'retained messages of 100 bytes at one broker, the other one empty; from the start of the subject on',
  cases(size) {
    if (size === 'quick') return [work(10_000, 1)];
    return [work(100_000, 3), ...(size === 'large' ? [work(1_000_000, 1)] : [])];
  },
});

function work(topics: number, runs: number): Case {
  return {
    variant: `${topics.toLocaleString('en')} topics`,
    brokers: 2,
    config: GENEROUS,
    mqttrep: [{ label: '', environment: { MQTTREP_MAX_TOPICS: '2000000' } }],
    runs,
    measure: testBed => runOnce(testBed, topics),
    judge: (median: FigureOf) => [
      ...atMost(
        `time until equal, ${TIME_RATIO_TARGET} times that of mosquitto's bridge`,
        median('mqttrep', EQUAL_AFTER),
        TIME_RATIO_TARGET * median(mosquittoBridge.title, EQUAL_AFTER),
        's',
      ),
    ],
  };
}

async function runOnce(testBed: TestBed, topics: number): Promise<Run> {
  await write({ port: testBed.source.port, messages: topics });
  return fill(testBed, { topics, timeoutMs: FILL_TIMEOUT_MS }, () => testBed.launch());
}
