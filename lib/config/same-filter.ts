/**
 * Two ids with the same filter. Neither is more specific than the other, so nothing could decide between their
 * settings. That is harmless as long as the settings agree.
 */

import { type Problems, show } from './problems.ts';
import type { Setting } from './setting.ts';
import { TOPIC_SETTINGS, type TopicSettings } from './topic-settings.ts';
import { variableName } from './variables.ts';

const { filter: FILTER, ...COMPARED } = TOPIC_SETTINGS;

/** Records an error for each setting that two ids of one filter set differently, and a warning if there is none. */
export function checkSameFilters(all: readonly TopicSettings[], problems: Problems): void {
  for (const [index, later] of all.entries()) {
    const earlier = all.slice(0, index).filter(other => other.filter === later.filter);
    const contradictions = earlier.map(other => checkPair(other, later, problems));
    const [first] = earlier;
    if (first === undefined || contradictions.some(count => count > 0)) continue;
    problems.warn(variableName(FILTER, later.id), {
      problem: `${show(later.filter)} is also the filter of ${variableName(FILTER, first.id)}`,
      fix: 'keep one of the two, and all settings under its id',
    });
  }
}

/** Returns the number of settings in which the two contradict each other. */
function checkPair(earlier: TopicSettings, later: TopicSettings, problems: Problems): number {
  let contradictions = 0;
  for (const field of Object.keys(COMPARED) as (keyof typeof COMPARED)[]) {
    const setting: Setting<unknown, never> = COMPARED[field];
    if (earlier[field] === undefined || later[field] === undefined) continue;
    const [one, other] = [setting.show(earlier[field]), setting.show(later[field])];
    if (one === other) continue;
    contradictions++;
    problems.error(variableName(setting, later.id), {
      problem: `it is ${other}, but ${variableName(setting, earlier.id)} is ${one} for the same filter ${show(later.filter)}`,
      fix: 'give both the same value, or remove one',
    });
  }
  return contradictions;
}
