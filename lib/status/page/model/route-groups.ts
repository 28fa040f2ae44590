/** The route of a topic in words. Brokers with the same route are told of together. */

import type { BrokerRoute, Decision, TopicRoute } from '../../api.ts';
import { listed } from './broker-news.ts';

export interface RouteGroup {
  /** `OSLO, PARIS and 3 more` */
  readonly brokers: string;
  /** The name of the topic there; null if it is the canonical one, or there is none. */
  readonly name: string | null;
  readonly namedBy: string | null;
  readonly receives: Said;
  readonly publishes: Said;
}

export interface Said {
  readonly text: string;
  /** The variable that decided it; null if it is always so. */
  readonly decidedBy: string | null;
  readonly isNo: boolean;
}

/** In the order of the brokers. */
export function routeGroups({ topic, brokers }: TopicRoute): RouteGroup[] {
  const groups = new Map<
    string,
    { readonly first: BrokerRoute; readonly names: { readonly name: string }[] }
  >();
  for (const route of brokers) {
    const { broker, ...rest } = route;
    const key = JSON.stringify(rest);
    const group = groups.get(key) ?? { first: route, names: [] };
    groups.set(key, group);
    group.names.push({ name: broker });
  }
  return [...groups.values()].map(({ first, names }) => ({
    brokers: listed(names),
    name: first.name === topic ? null : first.name,
    namedBy: first.namedBy,
    receives:
      typeof first.receives === 'string'
        ? { text: 'received', decidedBy: first.receives, isNo: false }
        : refusal('not received', first.receives),
    publishes:
      'qos' in first.publishes
        ? { text: `published with QoS ${first.publishes.qos}`, decidedBy: null, isNo: false }
        : refusal('not published', first.publishes),
  }));
}

function refusal(what: string, { reason, decidedBy }: Decision): Said {
  return { text: `${what}: ${reason}`, decidedBy, isNo: true };
}
