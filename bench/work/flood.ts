/** Many messages over few topics, as fast as the broker takes them: the cost of a message. */

import { DEFAULTS, GENEROUS } from '../brokers.ts';
import { comparison, type FigureOf } from '../comparison.ts';
import { DIVERGING, LAST, runLoad, SUBJECT_COST, TOTAL_COST } from '../run-load.ts';
import type { Target } from '../scenario.ts';
import { mosquittoBridge } from '../subjects/mosquitto-bridge.ts';
import { atMost, atMostTimes, none } from '../targets.ts';

const TOPICS = 1_000;
const MERGE_FREQUENCY_HZ = 10;

/** Processor time of mqttrep for each message. */
const COST_TARGET_US = 8;

/** CPU of all, in units of that with mosquitto's bridge. */
const TOTAL_COST_TARGET = 0.8;

/** From the broker's last acknowledgement to the last value at the other broker: one period and 250 ms. */
const LAST_VALUE_TARGET_MS = 1000 / MERGE_FREQUENCY_HZ + 250;

export const flood = comparison({
  name: 'flood',
  about: `200,000 retained QoS 1 messages of 100 bytes over ${TOPICS} topics; mqttrep with MERGE_FREQUENCY ${MERGE_FREQUENCY_HZ}`,
  cases(size) {
    const messages = size === 'quick' ? 20_000 : 200_000;
    const common = {
      brokers: 2,
      mqttrep: [{ label: '', mergeFrequency: MERGE_FREQUENCY_HZ }],
      measure: (testBed: Parameters<typeof runLoad>[0]) =>
        testBed.join().then(() => runLoad(testBed, { messages, topics: TOPICS })),
    };
    const unlimited = {
      ...common,
      variant: 'brokers that queue without limit',
      config: GENEROUS,
      runs: size === 'quick' ? 1 : 3,
      judge: targets,
    };
    if (size === 'quick') return [unlimited];
    return [unlimited, { ...common, variant: "mosquitto's defaults", config: DEFAULTS, runs: 1 }];
  },
});

function targets(median: FigureOf, greatest: FigureOf): Target[] {
  return [
    ...atMost('CPU of mqttrep a message', median('mqttrep', SUBJECT_COST), COST_TARGET_US, 'µs'),
    ...atMostTimes(
      'CPU of all a message',
      TOTAL_COST_TARGET,
      median('mqttrep', TOTAL_COST),
      median(mosquittoBridge.title, TOTAL_COST),
      'µs',
    ),
    ...atMost('the last value in every run', greatest('mqttrep', LAST), LAST_VALUE_TARGET_MS, 'ms'),
    ...none('topics that differ in the end', median('mqttrep', DIVERGING)),
  ];
}
