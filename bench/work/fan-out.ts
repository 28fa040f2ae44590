/** The same messages to two, four and eight brokers. */

import { GENEROUS } from '../brokers.ts';
import { comparison } from '../comparison.ts';
import { runLoad } from '../run-load.ts';

const TOPICS = 1_000;

export const fanOut = comparison({
  name: 'fan-out',
  about: `20,000 retained QoS 1 messages of 100 bytes over ${TOPICS} topics, written at one of the brokers`,
  cases(size) {
    const messages = size === 'quick' ? 5_000 : 20_000;
    return (size === 'quick' ? [4] : [2, 4, 8]).map(brokers => ({
      variant: `${brokers} brokers`,
      brokers,
      config: GENEROUS,
      mqttrep: [{ label: '', mergeFrequency: 10 }],
      runs: size === 'quick' ? 1 : 3,
      measure: testBed => testBed.join().then(() => runLoad(testBed, { messages, topics: TOPICS })),
    }));
  },
});
