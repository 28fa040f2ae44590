/** One message on each of many topics: what a topic costs in time and memory. */

import { setTimeout as wait } from 'node:timers/promises';
import { GENEROUS } from '../brokers.ts';
import { comparison } from '../comparison.ts';
import { runLoad } from '../run-load.ts';
import { atMost } from '../targets.ts';

/** Bytes of resident memory of mqttrep a topic, all told. */
const MEMORY_TARGET = 600;

/** Milliseconds after which what a burst has left behind is given back. */
const SETTLE = 25_000;

const MEMORY = 'resident of the subject a topic, bytes';
const TOTAL_MEMORY = 'resident of all a topic, bytes';

export const wide = comparison({
  name: 'wide',
  about: 'one retained QoS 1 message of 100 bytes on each topic, as fast as the broker takes them',
  cases(size) {
    const work = (messages: number, runs: number, settle: number) => ({
      variant: `${messages.toLocaleString('en')} topics`,
      brokers: 2,
      config: GENEROUS,
      mqttrep: [{ label: '', environment: { MQTTREP_MAX_TOPICS: '2000000' } }],
      runs,
      measure: async (testBed: Parameters<typeof runLoad>[0]) => {
        await testBed.join();
        const before = testBed.resident();
        const run = await runLoad(testBed, { messages, within: 240_000 });
        await wait(settle);
        const after = testBed.resident();
        return {
          ...run,
          [MEMORY]: ((after.subject - before.subject) * 1e6) / messages,
          [TOTAL_MEMORY]: ((after.all - before.all) * 1e6) / messages,
        };
      },
      judge: (median: (title: string, figure: string) => number) => [
        ...atMost('resident memory of mqttrep a topic', median('mqttrep', MEMORY), MEMORY_TARGET, 'bytes'),
      ],
    });
    if (size === 'quick') return [work(10_000, 1, 0)];
    return [work(200_000, 3, SETTLE), ...(size === 'large' ? [work(1_000_000, 1, SETTLE)] : [])];
  },
});
