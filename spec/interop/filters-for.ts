/** By which filters retained messages are read. */

import { type Limits, MANY } from './limits.ts';

/** So many topics at most are always asked for by their names. */
const FEW = 100;

type Expected = readonly (readonly [topic: string, payload: string | Buffer | undefined])[];

/**
 * The topics themselves; or, where many are to be present, one filter for all, if the broker shows them whole by that:
 * one that compares each filter with each topic (aMQTT) takes minutes for many of both.
 */
export function filtersFor({ replayed, replaysInOrder }: Limits, expected: Expected): readonly string[] {
  const topics = expected.map(([topic]) => topic);
  // A wildcard proves no absence.
  const areToBePresent = expected.every(([, payload]) => payload !== undefined);
  const isByOne = topics.length > FEW && areToBePresent && replayed === MANY && replaysInOrder;
  return isByOne ? [commonFilter(topics)] : topics;
}

/** What fits all topics beneath the levels that these have in common. */
function commonFilter(topics: readonly string[]): string {
  const [first = [], ...others] = topics.map(topic => topic.split('/').slice(0, -1));
  const end = first.findIndex((level, index) => others.some(levels => levels[index] !== level));
  return [...first.slice(0, end < 0 ? first.length : end), '#'].join('/');
}
