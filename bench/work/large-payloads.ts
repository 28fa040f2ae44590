/** Payloads of 1 MB. */

import { GENEROUS } from '../brokers.ts';
import { comparison } from '../comparison.ts';
import { runLoad } from '../run-load.ts';

const PAYLOAD_BYTES = 1_000_000;

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
        mqttrep: [{ label: ', 10 Hz', mergeFrequency: 10 }],
        runs: size === 'quick' ? 1 : 3,
        measure: testBed =>
          testBed.join().then(() => runLoad(testBed, { messages, topics: 10, size: PAYLOAD_BYTES })),
      },
    ];
  },
});
