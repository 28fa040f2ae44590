/** The targets of works in which each message is a new topic. */

import type { FigureOf } from './comparison.ts';
import { EQUAL_AFTER, SUBJECT_COST } from './run-load.ts';
import type { Target } from './scenario.ts';
import { mosquittoBridge } from './subjects/mosquitto-bridge.ts';
import { atMost, atMostTimes } from './targets.ts';

/**
 * @param times time until the brokers are equal, in units of that of mosquitto's bridge
 * @param cost processor time of mqttrep for each topic, in microseconds
 */
export function newTopicTargets(median: FigureOf, times: number, cost: number): Target[] {
  const after = (title: string) => median(title, EQUAL_AFTER);
  return [
    ...atMostTimes('time until equal', times, after('mqttrep'), after(mosquittoBridge.title), 's'),
    ...atMost('CPU of mqttrep a topic', median('mqttrep', SUBJECT_COST), cost, 'µs'),
  ];
}
