/** The word and the mark of each state. Each state has a shape of its own, so that no state is told by colour alone. */

import type { BrokerStatus, TopicState } from '../../api.ts';

export type Tone = 'good' | 'busy' | 'bad' | 'quiet';

export type Shape = 'check' | 'dots' | 'turn' | 'bar' | 'cross' | 'differs' | 'bin' | 'pause';

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
  paused: { word: 'paused', tone: 'quiet', shape: 'pause' },
  unreachable: { word: 'unreachable', tone: 'bad', shape: 'cross' },
};

export const TOPIC_STYLES: Readonly<Record<TopicState, Style>> = {
  converged: { word: 'converged', tone: 'good', shape: 'check' },
  diverging: { word: 'diverging', tone: 'busy', shape: 'differs' },
  blocked: { word: 'blocked', tone: 'bad', shape: 'bar' },
  deleted: { word: 'deleted', tone: 'quiet', shape: 'bin' },
};

/** One sentence about the connections to the brokers. */
export function brokersSentence(brokers: readonly BrokerStatus[]): string {
  const others = brokers.filter(({ state }) => state !== 'ready');
  if (brokers.length === 0) return 'No broker is configured.';
  if (others.length === 0) {
    return brokers.length === 1 ? 'The broker is connected.' : `All ${brokers.length} brokers are connected.`;
  }
  const named = others.slice(0, 3).map(({ name, state }) => `${name} is ${LINK_STYLES[state].word}`);
  const more = others.length > 3 ? [`${others.length - 3} more are not ready`] : [];
  return `${brokers.length - others.length} of ${brokers.length} brokers connected: ${[...named, ...more].join(', ')}.`;
}
