/** A connection like that of an actor, with its own client id, and the topics of a replay on it. */

import { randomUUID } from 'node:crypto';
import { Connection } from '../../lib/broker/connection/connection.ts';
import type { ConnectionOptions } from '../../lib/broker/connection/connection-options.ts';
import type { Replay } from '../../lib/broker/retained/replay.ts';
import { DEFAULT_BOUNDS } from '../../lib/config/bounds.ts';

export function openConnection(
  url: string,
  protocolVersion: ConnectionOptions['protocolVersion'] = 4,
): Promise<Connection> {
  return Connection.open({
    url,
    options: {},
    clientId: `spec_${randomUUID()}`,
    protocolVersion,
    maxQos: 2,
    largestPayload: DEFAULT_BOUNDS.payload,
  });
}

/** The topics of all delivered messages, oldest first, without those of the replay itself. */
export function topicsShown(connection: Connection, replay: Replay): readonly string[] {
  const topics: string[] = [];
  connection.receive((packet, done) => {
    if (!replay.observe(packet)) topics.push(packet.topic);
    done();
  });
  return topics;
}
