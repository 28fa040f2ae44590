/** Under which identity mqttrep delivers events at a broker. */

import type { ControlTopics } from '../../protocol/control-topics.ts';
import type { EventStamps } from '../../protocol/event-stamps.ts';

export interface EventIdentity {
  readonly stamps: EventStamps;
  /** Names the event log. */
  readonly node: string;
  readonly clientId: string;
  /** Undefined where mqttrep may write no control topic. */
  readonly topics: ControlTopics | undefined;
}
