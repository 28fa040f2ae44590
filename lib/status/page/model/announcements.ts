/** What a screen reader is told without being asked: changes of state, and no figures. */

import type { Status } from '../../api.ts';
import { counted } from './figures.ts';
import { LINK_STYLES } from './link-states.ts';

/** Sentences on what is different now; empty if nothing worth telling is. */
export function announcements(before: Status, after: Status): string[] {
  const states = new Map(before.brokers.map(({ name, state }) => [name, state]));
  const brokers = after.brokers
    .filter(({ name, state }) => states.get(name) !== state)
    .map(({ name, state }) => `${name} is ${LINK_STYLES[state].word}.`);
  return [...brokers, ...topicsSentence(before, after)];
}

function topicsSentence(before: Status, after: Status): string[] {
  const was = before.topics.diverging + before.topics.blocked;
  const is = after.topics.diverging + after.topics.blocked;
  if (was === 0 && is > 0) return [`${counted(is, 'topic')} not equal.`];
  return was > 0 && is === 0 ? ['All topics are equal again.'] : [];
}
