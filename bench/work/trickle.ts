/** A trickle of messages: how long one takes from a client at one broker to a client at the other. */

import { GENEROUS } from '../brokers.ts';
import { comparison, type FigureOf } from '../comparison.ts';
import { P50, runLoad } from '../run-load.ts';
import type { Target } from '../scenario.ts';
import { mosquittoBridge } from '../subjects/mosquitto-bridge.ts';
import type { Variant } from '../subjects/mqttrep.ts';
import { atMost } from '../targets.ts';

/** Messages a second. */
const RATE = 100;

/** Milliseconds that the median of mqttrep may lie above that of mosquitto's bridge. */
const IN_MEMORY_TARGET = 2;
const ON_DISK_TARGET = 5;

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
  about: `${RATE} retained QoS 1 messages/s, each to a topic of its own; mqttrep with several MERGE_FREQUENCY`,
  cases(size) {
    const messages = RATE * (size === 'quick' ? 2 : 5);
    return [
      {
        variant: '',
        brokers: 2,
        config: GENEROUS,
        mqttrep: [...(size === 'quick' ? [] : rare), onDisk, inMemory],
        runs: size === 'quick' ? 1 : 3,
        measure: testBed => testBed.join().then(() => runLoad(testBed, { messages, rate: RATE })),
        judge: targets,
      },
    ];
  },
});

function targets(median: FigureOf): Target[] {
  const above = ({ label }: Variant) => median(`mqttrep${label}`, P50) - median(mosquittoBridge.title, P50);
  const claim = "median latency above that of mosquitto's bridge";
  return [
    ...atMost(`${claim}, 1000 Hz, store in memory`, above(inMemory), IN_MEMORY_TARGET, 'ms'),
    ...atMost(`${claim}, 1000 Hz, store on disk`, above(onDisk), ON_DISK_TARGET, 'ms'),
  ];
}
