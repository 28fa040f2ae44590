/** Few messages a second. Measures how long one takes from a client of one broker to a client of the other. */

import { GENEROUS } from '../brokers.ts';
import { comparison, type FigureOf } from '../comparison.ts';
import { P50, runLoad } from '../run-load.ts';
import type { Target } from '../scenario.ts';
import { mosquittoBridge } from '../subjects/mosquitto-bridge.ts';
import type { Variant } from '../subjects/mqttrep.ts';
import { atMost } from '../targets.ts';

const MESSAGES_PER_SECOND = 100;

/** How much the median latency of mqttrep may be above that of mosquitto's bridge. */
const IN_MEMORY_TARGET_MS = 2;
const ON_DISK_TARGET_MS = 5;

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
