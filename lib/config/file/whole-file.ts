/** Problems that no key of mqttrep.yaml has, such as that there are no brokers: they are problems of the whole file. */

import { BROKER_SETTINGS } from '../broker-settings.ts';
import { NO_BROKER } from '../brokers.ts';
import type { Problem } from '../problems.ts';
import { TOPIC_SETTINGS } from '../topic-settings.ts';
import { NO_TOPIC } from '../topics.ts';
import { variableName } from '../variables.ts';

const OF_WHOLE_FILE: ReadonlySet<string> = new Set([
  variableName(BROKER_SETTINGS.url, '{name}'),
  variableName(TOPIC_SETTINGS.filter, '{id}'),
]);

const FIXES: Readonly<Record<string, string>> = {
  [NO_BROKER]: 'add `brokers`, such as brokers: { oslo: "mqtt://localhost:1883" }',
  [NO_TOPIC]: 'add `topics`, such as topics: ["canards/#"]',
};

/** Undefined if it is a problem of something smaller. */
export function problemOfWholeFile(file: string, problem: Problem): Problem | undefined {
  if (!OF_WHOLE_FILE.has(problem.variable)) return undefined;
  return { ...problem, variable: file, fix: FIXES[problem.problem] ?? problem.fix };
}
