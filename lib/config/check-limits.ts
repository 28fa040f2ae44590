/** What the limits of a broker do not allow of its subscriptions. */

import type { BrokerConfig, TopicConfig } from './config.ts';
import { type Problems, show } from './problems.ts';
import { PROFILES } from './profiles.ts';
import { TOPIC_SETTINGS } from './topic-settings.ts';
import { variableName } from './variables.ts';

/** Filters of mqttrep itself: those of its control topics, and of probes that are open at the same time. */
const OWN_SUBSCRIPTIONS = 15;

/** Records an error for a filter that a broker cannot be subscribed to, and a warning if there are too many. */
export function checkLimits(
  brokers: readonly BrokerConfig[],
  topics: readonly TopicConfig[],
  problems: Problems,
): void {
  for (const { name, maxLevels = Number.POSITIVE_INFINITY, profile } of brokers) {
    const subscribed = topics.filter(({ subscribers }) => subscribers.includes(name));
    for (const { id, filter } of subscribed) {
      const levels = filter.split('/').length;
      if (levels <= maxLevels) continue;
      problems.error(variableName(TOPIC_SETTINGS.filter, id), {
        problem: `${show(filter)} has ${levels} levels, and ${name} accepts ${maxLevels} (\`maxLevels\`)`,
        fix: `write a broader filter, or exclude ${name} by MQTTREP_SUBSCRIBE_BLACKLIST_${id}`,
      });
    }
    const most = profile && PROFILES[profile].maxSubscriptions;
    if (most === undefined || subscribed.length <= most - OWN_SUBSCRIPTIONS) continue;
    problems.warn(`MQTTREP_CONFIG_${name}`, {
      problem: `${name} is subscribed to ${subscribed.length} filters, and a connection may have ${most} subscriptions there, those of mqttrep itself included`,
      fix: 'write fewer and broader filters',
    });
  }
}
