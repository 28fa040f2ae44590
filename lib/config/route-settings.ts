/**
 * Which topics a broker has, and under which names: `MQTTREP_MAP_{id}`, `MQTTREP_EXCLUDE_{id}` and the brokers that each is for.
 * The ids have nothing to do with those of topic filters.
 */

import { parseExclusion, parseMap } from './route-values.ts';
import { type Setting, setting, type ValuesOf } from './setting.ts';
import type { TopicContext } from './topic-settings.ts';
import { parseBrokerNames } from './values.ts';

function brokerNames(key: string, help: string): Setting<readonly string[] | undefined, TopicContext> {
  return setting<readonly string[], TopicContext>({
    key,
    value: 'names of brokers, separated by commas',
    parse: (text, { brokers }) => parseBrokerNames(text, brokers),
    unset: 'all brokers',
    help,
    reload: 'applied',
    show: names => names.toSorted().join(','),
    isList: true,
  });
}

export const ROUTE_SETTINGS = {
  mapBrokers: brokerNames('MAP_BROKERS', 'The brokers that the mapping rule with this id is for.'),
  map: setting<string, TopicContext>({
    key: 'MAP',
    value: 'a mapping rule, such as `home/+/temp/# -> site/{broker}/$1/$rest` or `prefix: site/{broker}/`',
    parse: parseMap,
    unset: 'topics have the same name at each broker',
    help: 'The name of topics at the broker, on the right, for the names at other brokers, on the left. It holds in both directions.',
    reload: 'applied',
  }),
  excludeBrokers: brokerNames('EXCLUDE_BROKERS', 'The brokers that the exclusion with this id is for.'),
  exclude: setting<readonly string[], TopicContext>({
    key: 'EXCLUDE',
    value: 'topic filters, separated by commas',
    parse: parseExclusion,
    unset: 'none',
    help: 'Topics that mqttrep neither takes from these brokers nor publishes to them. Among the other brokers they are replicated.',
    reload: 'applied',
    show: filters => filters.join(','),
    isList: true,
  }),
} as const;

/** What the variables of one id say; undefined for a setting that is not set. */
export type RouteSettings = { readonly id: string } & ValuesOf<typeof ROUTE_SETTINGS>;
