/** A broker loses all its retained messages and returns empty. */

import { at, GENEROUS } from '../brokers.ts';
import { write } from '../client-process.ts';
import { comparison } from '../comparison.ts';
import { fill } from '../run-load.ts';
import type { Run } from '../scenario.ts';
import type { TestBed } from '../test-bed.ts';

/** Longest wait until the wiped broker is filled again. */
const REFILL_TIMEOUT_MS = 30_000;

/** Longest wait until the brokers are equal before one of them is wiped. */
const FILL_TIMEOUT_MS = 60_000;

export const refill = comparison({
  name: 'refill',
  about: 'one of two equal brokers is killed and started again without its retained messages of 100 bytes',
  cases(size) {
    const topics = size === 'quick' ? 2_000 : 50_000;
    return [
      {
        variant: `${topics.toLocaleString('en')} topics`,
        brokers: 2,
        config: GENEROUS,
        mqttrep: [{ label: '' }],
        runs: size === 'quick' ? 1 : 3,
        measure: testBed => runOnce(testBed, topics, size === 'quick' ? 5_000 : REFILL_TIMEOUT_MS),
      },
    ];
  },
});

async function runOnce(testBed: TestBed, topics: number, timeoutMs: number): Promise<Run> {
  await testBed.join();
  const reader = at(await testBed.read({ messages: topics, awaitedFrom: 0 }), 0);
  await write({ port: testBed.source.port, messages: topics });
  await reader.complete(FILL_TIMEOUT_MS);
  reader.close();

  const wiped = at(testBed.others, 0);
  return fill(testBed, { topics, timeoutMs }, () => testBed.wipe(wiped));
}
