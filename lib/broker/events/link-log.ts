/** The part of the broker's log that the event link writes to. */

import type { EventLinkSettings } from '../../protocol/event-settings.ts';
import type { LogLevel } from '../../protocol/messages.ts';
import type { Connection } from '../connection/connection.ts';
import type { Grant } from '../connection/filter-requests.ts';
import { VERSION_NAMES } from '../network/negotiation.ts';

export interface LinkLog {
  write(level: LogLevel, message: string): void;
  allowsNoEvents(evidence: string, retryMinutes: number): void;
  refused(grants: readonly Grant[]): void;
}

/** The event connection stands. */
export function logReady(log: LinkLog, connection: Connection, { sessionExpiry }: EventLinkSettings): void {
  const { isPresent, expiry = sessionExpiry } = connection.session;
  const kept = isPresent ? 'the broker kept its session' : 'the session is new';
  log.write('info', `events: connected with ${VERSION_NAMES[connection.protocolVersion]}; ${kept}`);
  if (connection.protocolVersion === 5 && expiry < sessionExpiry)
    log.write(
      'warn',
      `events: the broker keeps the session for ${expiry} s only; events of a longer absence are lost`,
    );
}

/** No events are published at the broker, because of these replicators. */
export function logHolding(log: LinkLog, others: Iterable<string>): void {
  log.write(
    'error',
    `another replicator (${[...others].join(', ')}) delivers events at this broker; over MQTT 3.1.1 the two would copy each other's events for ever, so mqttrep publishes no events here. Use MQTT 5, or stop one of them, or set MQTTREP_EVENT_TREE=true if the sites form a tree`,
  );
}
