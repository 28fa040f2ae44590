/** A broker loses all that it holds, and comes back empty. */

import { at, GENEROUS } from '../brokers.ts';
import { write } from '../client-process.ts';
import { comparison } from '../comparison.ts';
import { fill } from '../run-load.ts';
import type { Run } from '../scenario.ts';
import type { TestBed } from '../test-bed.ts';

/** Longest wait for the wiped broker to be filled again, in milliseconds. */
const LIMIT = 30_000;

/** Longest wait for the brokers to be equal before one of them is wiped. */
const FILL_LIMIT = 60_000;

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
        measure: testBed => once(testBed, topics, size === 'quick' ? 5_000 : LIMIT),
      },
    ];
  },
});

async function once(testBed: TestBed, topics: number, within: number): Promise<Run> {
  await testBed.join();
  const filling = at(await testBed.read({ messages: topics, awaitedFrom: 0 }), 0);
  await write({ port: testBed.source.port, messages: topics });
  await filling.complete(FILL_LIMIT);
  filling.close();

  const wiped = at(testBed.others, 0);
  return fill(testBed, { topics, within }, () => testBed.wipe(wiped));
}
