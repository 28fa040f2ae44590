/** Mapping rules and exclusions that have no effect, since no topic that they are about is replicated. */

import { covers } from '../core/filter.ts';
import { overlap } from '../routes/local-filters.ts';
import { parseRule } from '../routes/rule.ts';
import { type Problems, show } from './problems.ts';
import { ROUTE_SETTINGS } from './route-settings.ts';
import type { Routed } from './routes.ts';
import { variableName } from './variables.ts';

export function checkIdleRoutes(config: Routed, problems: Problems): void {
  // Without a topic filter there is another error.
  if (config.topics.length === 0) return;
  checkEmptied(config, problems);
  for (const { id, filters } of config.exclusions) {
    for (const filter of filters) {
      if (isReplicated(filter, config)) continue;
      problems.warn(variableName(ROUTE_SETTINGS.exclude, id), {
        problem: `${show(filter)} excludes nothing, since no topic filter has such topics`,
        fix: 'correct the filter, which has canonical names, or remove it',
      });
    }
  }
  // Discovery payloads name topics that need not be replicated themselves.
  if (config.mapHomeAssistant === true) return;
  for (const { id, rule, brokers } of config.maps) {
    const parsed = brokers.map(broker => parseRule(rule, broker));
    const maps = parsed.flatMap(each => ('problem' in each ? [] : (each.rule ?? [])));
    if (maps.length === 0 || maps.some(({ filter }) => isReplicated(filter, config))) continue;
    problems.warn(variableName(ROUTE_SETTINGS.map, id), {
      problem: `${show(rule)} maps nothing, since no topic filter has topics as on its left side`,
      fix: 'correct the left side, which has canonical names, or remove the rule',
    });
  }
}

function isReplicated(filter: string, { topics }: Routed): boolean {
  return topics.some(topic => overlap(topic.filter, filter));
}

/** An exclusion that leaves nothing. */
function checkEmptied({ topics, exclusions }: Routed, problems: Problems): void {
  for (const { id, filters } of exclusions) {
    const emptied = topics.filter(topic => filters.some(filter => covers(filter, topic.filter)));
    if (emptied.length < topics.length) continue;
    problems.error(variableName(ROUTE_SETTINGS.exclude, id), {
      problem: `${show(filters.join(','))} excludes every topic filter, so there is nothing to replicate`,
      fix: 'exclude narrower filters',
    });
  }
}
