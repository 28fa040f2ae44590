/** Payloads of 1 MB. */

import { GENEROUS } from '../brokers.ts';
import { comparison, type FigureOf } from '../comparison.ts';
import { PEAK, runLoad, TOTAL_COST } from '../run-load.ts';
import type { Target } from '../scenario.ts';
import { mosquittoBridge } from '../subjects/mosquitto-bridge.ts';
import type { Variant } from '../subjects/mqttrep.ts';
import { atMost, atMostTimes } from '../targets.ts';

const PAYLOAD_BYTES = 1_000_000;

/** CPU of all, in units of that with mosquitto's bridge. */
const TOTAL_COST_TARGET = 2;

const MEMORY_TARGET_MB = 200;

const mqttrep: Variant = { label: ', 10 Hz', mergeFrequency: 10 };

export const largePayloads = comparison({
  name: 'large-payloads',
  about: 'retained QoS 1 messages of 1 MB over 10 topics, as fast as the broker takes them',
  cases(size) {
    const messages = size === 'quick' ? 20 : 200;
    return [
      {
        variant: `${messages} messages`,
        brokers: 2,
        config: GENEROUS,
        mqttrep: [mqttrep],
        runs: size === 'quick' ? 1 : 3,
        measure: testBed =>
          testBed.join().then(() => runLoad(testBed, { messages, topics: 10, size: PAYLOAD_BYTES })),
        judge: targets,
      },
    ];
  },
});

function targets(median: FigureOf): Target[] {
  const title = `mqttrep${mqttrep.label}`;
  return [
    ...atMostTimes(
      'CPU of all a message',
      TOTAL_COST_TARGET,
      median(title, TOTAL_COST),
      median(mosquittoBridge.title, TOTAL_COST),
      'µs',
    ),
    ...atMost('peak memory of mqttrep', median(title, PEAK), MEMORY_TARGET_MB, 'MB'),
  ];
}
