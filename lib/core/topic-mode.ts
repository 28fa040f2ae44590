/** Whether topics carry state, of which the newest value counts, or events, of which every one is delivered. */

import { bySpecificity, covers } from './filter.ts';
import type { QoS } from './policy.ts';

export type TopicMode = 'state' | 'event';

/** The highest QoS of an event on the wire: a message with QoS 2 could be lost between PUBREC and PUBREL. */
export const MAX_EVENT_QOS: QoS = 1;

interface FilterMode {
  readonly filter: string;
  readonly mode?: TopicMode | undefined;
}

/** Whether the topics of a filter are event topics, as far as no narrower filter says otherwise. */
export function isEventFilter(filter: string, all: readonly FilterMode[]): boolean {
  const broader = all.filter(other => other.mode !== undefined && covers(other.filter, filter));
  return broader.sort((a, b) => bySpecificity(a.filter, b.filter))[0]?.mode === 'event';
}

export function hasEventFilter(all: readonly FilterMode[]): boolean {
  return all.some(({ mode }) => mode === 'event');
}
