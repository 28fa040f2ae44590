/** The event topics at each broker: what waits, how long, and what was dropped. */

import type { BrokerStatus, EventStatus, Status } from '../../api.ts';
import { count, counted } from './figures.ts';
import { areLate, RANKS, type Style } from './link-states.ts';

export interface EventQueue {
  readonly name: string;
  readonly events: EventStatus;
  readonly look: Style;
  /** All reasons together. */
  readonly dropped: number;
}

const LOOKS: Readonly<Record<EventStatus['state'], Style>> = {
  flowing: { word: 'flowing', tone: 'good', shape: 'check' },
  resolving: { word: 'resolving', tone: 'busy', shape: 'question' },
  holding: { word: 'holding', tone: 'bad', shape: 'pause' },
  away: { word: 'away', tone: 'bad', shape: 'cross' },
};

/** Those that do not flow first, then those that wait longest. Empty without event topics. */
export function eventQueues({ brokers }: Pick<Status, 'brokers'>): EventQueue[] {
  return brokers
    .flatMap(({ name, events }) => (events === null ? [] : [queueOf(name, events)]))
    .toSorted((a, b) => RANKS[a.look.tone] - RANKS[b.look.tone] || b.events.oldest - a.events.oldest);
}

/** A connection may stand and carry nothing: then the state does not tell that events wait. */
function lookOf(events: EventStatus): Style {
  const { state } = events;
  return state === 'flowing' && areLate(events)
    ? { word: 'late', tone: 'busy', shape: 'late' }
    : LOOKS[state];
}

function queueOf(name: string, events: EventStatus): EventQueue {
  return { name, events, look: lookOf(events), dropped: droppedEvents(events) };
}

function droppedEvents({ dropped }: EventStatus): number {
  return Object.values(dropped).reduce((sum, each) => sum + each, 0);
}

/** `2,400 expired, 3 too large`, the largest first; `none` */
export function droppedText({ dropped }: EventStatus): string {
  const reasons = Object.entries(dropped)
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, events]) => `${count(events)} ${reason.replaceAll('_', ' ')}`);
  return reasons.length === 0 ? 'none' : reasons.join(', ');
}

/** All brokers together, in one line. */
export function eventSummary(brokers: readonly BrokerStatus[]): string {
  const all = brokers.flatMap(({ events }) => (events === null ? [] : [events]));
  const queued = all.reduce((sum, each) => sum + each.queued, 0);
  const dropped = all.reduce((sum, each) => sum + droppedEvents(each), 0);
  const waits =
    queued === 0 ? 'nothing waits' : `${counted(queued, 'event')} ${queued === 1 ? 'waits' : 'wait'}`;
  return dropped === 0 ? waits : `${waits}, ${count(dropped)} dropped`;
}
