/** Few messages a second. Measures how long one takes from a client of one broker to a client of the other. */

import { GENEROUS } from '../brokers.ts';
import { type Case, comparison, type FigureOf } from '../comparison.ts';
import { P50, runLoad, TOTAL_COST } from '../run-load.ts';
import type { Target } from '../scenario.ts';
import { mosquittoBridge } from '../subjects/mosquitto-bridge.ts';
import type { Variant } from '../subjects/mqttrep.ts';
import { atMost, atMostTimes } from '../targets.ts';

const MESSAGES_PER_SECOND = 100;

/** How much the median latency of mqttrep may be above that of mosquitto's bridge. */
const IN_MEMORY_TARGET_MS = 2;
const ON_DISK_TARGET_MS = 2;

const inMemory: Variant = {
  label: ', 1000 Hz, in memory',
  mergeFrequency: 1_000,
  environment: { MQTTREP_STORE: 'memory' },
};
const onDisk: Variant = { label: ', 1000 Hz', mergeFrequency: 1_000 };
const rare: readonly Variant[] = [
  { label: ', 1 Hz', mergeFrequency: 1 },
  { label: ', 20 Hz', mergeFrequency: 20 },
];

/** The start of the processes, and the compilation of their code, which takes two minutes at this rate, are left out. */
const WARM_UP_SECONDS = 120;
const STEADY_SECONDS = 60;
const STEADY_TOPICS = 1_000;

/** CPU of all, in units of that with mosquitto's bridge. */
const STEADY_TARGET = 3;

const STEADY: Case = {
  variant: `steady state: ${STEADY_TOPICS} topics, ${STEADY_SECONDS} s after ${WARM_UP_SECONDS} s`,
  brokers: 2,
  config: GENEROUS,
  mqttrep: [onDisk],
  runs: 1,
  measure: testBed =>
    testBed.join().then(() =>
      runLoad(testBed, {
        messages: MESSAGES_PER_SECOND * (WARM_UP_SECONDS + STEADY_SECONDS),
        topics: STEADY_TOPICS,
        rate: MESSAGES_PER_SECOND,
        warmUpSeconds: WARM_UP_SECONDS,
      }),
    ),
  judge: median =>
    atMostTimes(
      'CPU of all a message',
      STEADY_TARGET,
      median(`mqttrep${onDisk.label}`, TOTAL_COST),
      median(mosquittoBridge.title, TOTAL_COST),
      'µs',
    ),
};

export const trickle = comparison({
  name: 'trickle',
  about: `${MESSAGES_PER_SECOND} retained QoS 1 messages/s, each to a topic of its own; mqttrep with several MERGE_FREQUENCY`,
  cases(size) {
    const messages = MESSAGES_PER_SECOND * (size === 'quick' ? 2 : 5);
    return [
      {
        variant: '',
        brokers: 2,
        config: GENEROUS,
        mqttrep: [...(size === 'quick' ? [] : rare), onDisk, inMemory],
        runs: size === 'quick' ? 1 : 3,
        measure: testBed =>
          testBed.join().then(() => runLoad(testBed, { messages, rate: MESSAGES_PER_SECOND })),
        judge: targets,
      },
      ...(size === 'quick' ? [] : [STEADY]),
    ];
  },
});

function targets(median: FigureOf): Target[] {
  const above = ({ label }: Variant) => median(`mqttrep${label}`, P50) - median(mosquittoBridge.title, P50);
  const claim = "median latency above that of mosquitto's bridge";
  return [
    ...atMost(`${claim}, 1000 Hz, store in memory`, above(inMemory), IN_MEMORY_TARGET_MS, 'ms'),
    ...atMost(`${claim}, 1000 Hz, store on disk`, above(onDisk), ON_DISK_TARGET_MS, 'ms'),
  ];
}
