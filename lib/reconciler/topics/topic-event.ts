/** An event for the register of its topic. */

import type { Event } from '../../core/events.ts';

export interface TopicEvent {
  readonly topic: string;
  readonly event: Event;
}

/** Applies an event to the register of a topic, at once. */
export type ApplyEvent = (topic: string, event: Event) => void;
