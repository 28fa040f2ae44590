/** What a screen reader announces: changes of states, no figures. */

import type { Status } from '../../api.ts';
import { counted } from './figures.ts';
import { LINK_STYLES } from './link-states.ts';

/** Sentences about what has changed; empty if nothing has that is worth an announcement. */
export function announcements(before: Status, after: Status): string[] {
  const states = new Map(before.brokers.map(({ name, state }) => [name, state]));
  const brokers = after.brokers
    .filter(({ name, state }) => states.get(name) !== state)
    .map(({ name, state }) => `${name} is ${LINK_STYLES[state].word}.`);
  return [...brokers, ...topicsSentence(before, after)];
}

function topicsSentence(before: Status, after: Status): string[] {
  const earlier = before.topics.diverging + before.topics.blocked;
  const now = after.topics.diverging + after.topics.blocked;
  if (earlier === 0 && now > 0) return [`${counted(now, 'topic')} diverging.`];
  return earlier > 0 && now === 0 ? ['All topics have converged.'] : [];
}
