/** Under which identity mqttrep delivers events at a broker. */

import { ControlTopics } from '../../protocol/control-topics.ts';
import { EventStamps } from '../../protocol/event-stamps.ts';
import type { Start } from '../../protocol/messages.ts';
import type { BrokerSettings } from '../../protocol/settings.ts';
import { eventClientId } from './event-client-id.ts';

export interface EventIdentity {
  readonly stamps: EventStamps;
  /** Names the event log. */
  readonly node: string;
  readonly clientId: string;
  /** Undefined where mqttrep may write no control topic. */
  readonly topics: ControlTopics | undefined;
}

/** @param clientId as the settings have it */
export function identityOf(
  { replica, secret }: Start,
  node: string,
  clientId: string | undefined,
  { name, controlPrefix }: Pick<BrokerSettings, 'name' | 'controlPrefix'>,
): EventIdentity {
  return {
    stamps: new EventStamps(replica, secret),
    node,
    clientId: eventClientId(clientId, replica, name),
    topics: controlPrefix === undefined ? undefined : new ControlTopics(controlPrefix, replica, name),
  };
}
