/** What a screen reader announces: changes of states, no figures. */

import type { BrokerStatus, Status } from '../../api.ts';
import { counted } from './figures.ts';
import { brokerStyle } from './link-states.ts';

/** Sentences about what has changed; empty if nothing has that is worth an announcement. */
export function announcements(before: Status, after: Status, now = Date.now()): string[] {
  const shapes = new Map(before.brokers.map(broker => [broker.name, shapeOf(broker, now)]));
  const brokers = after.brokers
    .filter(broker => shapes.get(broker.name) !== shapeOf(broker, now))
    .map(broker => ({ name: broker.name, word: brokerStyle(broker, now).word }))
    .map(({ name, word }) =>
      /^(?:refuses|lags|hides)/.test(word) ? `${name} ${word}.` : `${name} is ${word}.`,
    );
  return [...brokers, ...topicsSentence(before, after)];
}

function shapeOf(broker: BrokerStatus, now: number): string {
  const { tone, shape } = brokerStyle(broker, now);
  return `${broker.state} ${tone} ${shape}`;
}

function topicsSentence(before: Status, after: Status): string[] {
  const earlier = before.topics.diverging + before.topics.blocked;
  const now = after.topics.diverging + after.topics.blocked;
  if (earlier === 0 && now > 0) return [`${counted(now, 'topic')} diverging.`];
  return earlier > 0 && now === 0 ? ['All topics have converged.'] : [];
}
