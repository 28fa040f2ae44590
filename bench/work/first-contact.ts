/** A broker full of retained topics meets an empty one. */

import { GENEROUS } from '../brokers.ts';
import { write } from '../client-process.ts';
import { type Case, comparison, type FigureOf } from '../comparison.ts';
import { newTopicTargets } from '../new-topic-targets.ts';
import { fill } from '../run-load.ts';
import type { Run } from '../scenario.ts';
import type { TestBed } from '../test-bed.ts';

/** Time, in units of that of mosquitto's bridge. */
const TIME_TARGET = 1.2;

/** Processor time of mqttrep for each topic. */
const COST_TARGET_US = 30;

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
    judge: (median: FigureOf) => newTopicTargets(median, TIME_TARGET, COST_TARGET_US),
  };
}

async function runOnce(testBed: TestBed, topics: number): Promise<Run> {
  await write({ port: testBed.source.port, messages: topics });
  return fill(testBed, { topics, timeoutMs: FILL_TIMEOUT_MS }, () => testBed.launch());
}
