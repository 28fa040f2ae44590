/** One message on each of many topics. Measures the time and the memory of a topic. */

import { setTimeout as wait } from 'node:timers/promises';
import { GENEROUS } from '../brokers.ts';
import { comparison, type FigureOf } from '../comparison.ts';
import { newTopicTargets } from '../new-topic-targets.ts';
import { runLoad } from '../run-load.ts';
import { atMost } from '../targets.ts';

/** Time, in units of that of mosquitto's bridge. */
const TIME_TARGET = 1.3;

/** Processor time of mqttrep for each topic. */
const COST_TARGET_US = 35;

/** Resident memory of mqttrep for each topic; with fewer topics, maps have more room to grow. */
const MEMORY_TARGET_BYTES = { few: 600, million: 450 };

/** After this time, the garbage of a burst is collected. */
const SETTLE_MS = 25_000;

const MEMORY = 'resident of the subject a topic, bytes';
const TOTAL_MEMORY = 'resident of all a topic, bytes';

export const wide = comparison({
  name: 'wide',
  about: 'one retained QoS 1 message of 100 bytes on each topic, as fast as the broker takes them',
  cases(size) {
    const work = (messages: number, runs: number, settleMs: number) => ({
      variant: `${messages.toLocaleString('en')} topics`,
      brokers: 2,
      config: GENEROUS,
      mqttrep: [{ label: '', environment: { MQTTREP_MAX_TOPICS: '2000000' } }],
      runs,
      measure: async (testBed: Parameters<typeof runLoad>[0]) => {
        await testBed.join();
        const before = testBed.resident();
        const run = await runLoad(testBed, { messages, timeoutMs: 240_000 });
        await wait(settleMs);
        const after = testBed.resident();
        return {
          ...run,
          [MEMORY]: ((after.subject - before.subject) * 1e6) / messages,
          [TOTAL_MEMORY]: ((after.all - before.all) * 1e6) / messages,
        };
      },
      judge: (median: FigureOf) => [
        ...newTopicTargets(median, TIME_TARGET, COST_TARGET_US),
        ...atMost(
          'resident memory of mqttrep a topic',
          median('mqttrep', MEMORY),
          messages < 1_000_000 ? MEMORY_TARGET_BYTES.few : MEMORY_TARGET_BYTES.million,
          'bytes',
        ),
      ],
    });
    if (size === 'quick') return [work(10_000, 1, 0)];
    return [work(200_000, 3, SETTLE_MS), ...(size === 'large' ? [work(1_000_000, 1, SETTLE_MS)] : [])];
  },
});
