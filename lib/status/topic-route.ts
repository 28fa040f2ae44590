/** Where a topic goes, by the configuration in force. */

import type { Config } from '../config/config.ts';
import { type ReadVariables, routeOf } from '../config/route-of.ts';
import { hasWildcards } from '../core/filter.ts';
import { BadRequest, textIn } from './api-requests.ts';
import { asJson, NO_BROKER, type Reply } from './reply.ts';

/**
 * @param read from which the configuration was read
 * @throws {BadRequest}
 */
export function topicRoute(config: Config, read: ReadVariables, query: URLSearchParams): Reply {
  const topic = textIn(query, 'topic') ?? '';
  if (topic === '' || hasWildcards(topic)) throw new BadRequest('`topic` must be a topic without wildcards');
  const from = textIn(query, 'from') ?? undefined;
  if (from !== undefined && !config.brokers.some(({ name }) => name === from)) return NO_BROKER;
  return asJson(200, routeOf(topic, from, config, read));
}
