/**
 * Announces the presence of mqttrep on a new connection. A session does not depend on it: after a failure other replicators may
 * go unnoticed, no more.
 */

import type { BrokerLog } from './broker-log.ts';
import type { KnownCapabilities } from './capabilities/known-capabilities.ts';
import type { Connection } from './connection/connection.ts';
import type { Presence } from './presence.ts';

export function announcePresence(
  presence: Presence,
  connection: Connection,
  capabilities: KnownCapabilities,
  brokerLog: BrokerLog,
): void {
  const subscribes = capabilities.current.answersPresence;
  if (subscribes) capabilities.presence.asking();
  presence
    .announce(connection, subscribes ? 'publish and subscribe' : 'publish')
    .then(answer => {
      if (answer === 'answered' && subscribes) capabilities.presence.answered();
      else if (!capabilities.current.answersPresence) brokerLog.doesNotNoticeOthers();
    })
    .catch((error: Error) =>
      brokerLog.write('warn', `cannot publish the presence of mqttrep (${error.message})`),
    );
}
