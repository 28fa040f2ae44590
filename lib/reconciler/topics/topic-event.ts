/** An event for the register of its topic. */

import type { Event } from '../../core/events.ts';

export interface TopicEvent {
  readonly topic: string;
  readonly event: Event;
}

/** Puts an event into `events$`. The event has been applied when the call returns. */
export type ApplyEvent = (topic: string, event: Event) => void;
