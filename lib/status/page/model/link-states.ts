/** The word and the mark of each state. Each state has a shape of its own, so that no state is told by colour alone. */

import type { BrokerStatus, EventStatus, TopicState } from '../../api.ts';
import { counted } from './figures.ts';

export type Tone = 'good' | 'busy' | 'bad' | 'quiet';

export type Shape =
  | 'check'
  | 'dots'
  | 'turn'
  | 'bar'
  | 'cross'
  | 'differs'
  | 'bin'
  | 'pause'
  | 'question'
  | 'late';

export interface Style {
  readonly word: string;
  readonly tone: Tone;
  readonly shape: Shape;
}

export const LINK_STYLES: Readonly<Record<BrokerStatus['state'], Style>> = {
  ready: { word: 'ready', tone: 'good', shape: 'check' },
  connecting: { word: 'connecting', tone: 'busy', shape: 'dots' },
  replaying: { word: 'replaying', tone: 'busy', shape: 'turn' },
  refused: { word: 'refused', tone: 'bad', shape: 'bar' },
  parked: { word: 'parked', tone: 'bad', shape: 'bar' },
  paused: { word: 'paused', tone: 'busy', shape: 'pause' },
  unreachable: { word: 'unreachable', tone: 'bad', shape: 'cross' },
};

export const TOPIC_STYLES: Readonly<Record<TopicState, Style>> = {
  converged: { word: 'converged', tone: 'good', shape: 'check' },
  diverging: { word: 'diverging', tone: 'busy', shape: 'differs' },
  blocked: { word: 'refused', tone: 'bad', shape: 'bar' },
  deleted: { word: 'deleted', tone: 'quiet', shape: 'bin' },
};

/** A change that arrives later than this is late, in milliseconds: a tick may take a second, and an echo another one. */
const LATE_AFTER_MS = 15_000;

export function isLate({ state, behindSince }: BrokerStatus, now: number): boolean {
  return state === 'ready' && behindSince !== null && now - behindSince > LATE_AFTER_MS;
}

/** Events have waited for the broker so long that they do not flow. */
export function hasLateEvents({ events }: BrokerStatus): boolean {
  return events !== null && areLate(events);
}

export function areLate({ queued, oldest }: EventStatus): boolean {
  return queued > 0 && oldest > LATE_AFTER_MS;
}

/** A broker is good only if it is connected, and takes all topics and events in time. */
export function brokerStyle(broker: BrokerStatus, now: number): Style {
  if (broker.state !== 'ready') return LINK_STYLES[broker.state];
  if (broker.blocked > 0)
    return { word: `refuses ${counted(broker.blocked, 'topic')}`, tone: 'bad', shape: 'bar' };
  if (broker.deletionsHeld > 0) return { word: 'topics gone', tone: 'bad', shape: 'question' };
  if (broker.replayIncomplete) return { word: 'replay incomplete', tone: 'busy', shape: 'turn' };
  if (isLate(broker, now)) return { word: 'lags behind', tone: 'busy', shape: 'late' };
  if (hasLateEvents(broker)) return { word: 'events wait', tone: 'busy', shape: 'late' };
  if (broker.unreadable > 0)
    return { word: `hides ${counted(broker.unreadable, 'topic')}`, tone: 'busy', shape: 'question' };
  return LINK_STYLES.ready;
}

/** The worst tone first. */
export const RANKS: Readonly<Record<Tone, number>> = { bad: 0, busy: 1, quiet: 2, good: 3 };

/** The worst first: no connection is worse than a refused topic. Else in their order. */
export function worstFirst(brokers: readonly BrokerStatus[], now: number): BrokerStatus[] {
  const rankOf = (broker: BrokerStatus) =>
    2 * RANKS[brokerStyle(broker, now).tone] + (broker.state === 'ready' ? 1 : 0);
  return brokers.toSorted((a, b) => rankOf(a) - rankOf(b));
}
