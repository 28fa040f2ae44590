/** Hours of work at a moderate rate. Shows whether memory grows. */

import { setTimeout as wait } from 'node:timers/promises';
import { GENEROUS } from '../brokers.ts';
import { write } from '../client-process.ts';
import { comparison, type FigureOf } from '../comparison.ts';
import { DIVERGING } from '../run-load.ts';
import type { Plan, Run, Scenario } from '../scenario.ts';
import { median } from '../statistics.ts';
import { atMost } from '../targets.ts';
import type { TestBed } from '../test-bed.ts';

const TOPICS = 10_000;
const MESSAGES_PER_SECOND = 500;
const MEMORY_SAMPLE_PERIOD_MS = 5_000;
/** From the last write until the brokers are compared. */
const SETTLE_MS = 5_000;

const GROWTH = 'growth from the second quarter to the last, MB';

const GROWTH_TARGET_MB = 10;

export const soak: Scenario = {
  name: 'soak',
  about: `${MESSAGES_PER_SECOND} messages/s over ${TOPICS} topics for as many minutes as --soak says; mqttrep with MERGE_FREQUENCY 10`,
  run: (plan: Plan) => soaking(plan.soakMinutes).run(plan),
};

function soaking(minutes: number): Scenario {
  const { name, about } = soak;
  return comparison({
    name,
    about,
    cases: () => [
      {
        variant: `${minutes} minutes`,
        brokers: 2,
        config: GENEROUS,
        mqttrep: [{ label: '', mergeFrequency: 10 }],
        runs: 1,
        measure: testBed => runOnce(testBed, Math.round(minutes * 60 * MESSAGES_PER_SECOND)),
        judge: (medians: FigureOf) => [
          ...atMost('resident memory grows', medians('mqttrep', GROWTH), GROWTH_TARGET_MB, 'MB'),
        ],
      },
    ],
  });
}

async function runOnce(testBed: TestBed, messages: number): Promise<Run> {
  await testBed.join();
  const before = testBed.costs();
  const samples: number[] = [];
  const sampling = setInterval(() => samples.push(testBed.resident().all), MEMORY_SAMPLE_PERIOD_MS);
  await write({ port: testBed.source.port, messages, topics: TOPICS, rate: MESSAGES_PER_SECOND });
  clearInterval(sampling);
  const spent = testBed.spentSince(before);
  await wait(SETTLE_MS);
  const quarter = (index: number) => {
    const from = Math.floor((samples.length * index) / 4);
    return median(samples.slice(from, Math.floor((samples.length * (index + 1)) / 4)));
  };
  return {
    // The first quarter is left out: caches fill and V8 compiles then.
    'resident of all in the second quarter, MB': quarter(1),
    'resident of all in the last quarter, MB': quarter(3),
    [GROWTH]: quarter(3) - quarter(1),
    'most resident of all, MB': Math.max(...samples),
    'CPU of the subject a message, µs': (spent.subject * 1000) / messages,
    [DIVERGING]: await testBed.countDiverging(TOPICS),
  };
}
