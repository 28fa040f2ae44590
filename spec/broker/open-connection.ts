/** A connection as an actor has it, in a name of its own, and a replay that is watched on it. */

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

/** The topics of what is delivered, oldest first, without what is the replay's own. */
export function topicsShown(connection: Connection, replay: Replay): readonly string[] {
  const topics: string[] = [];
  connection.receive((packet, done) => {
    if (!replay.observe(packet)) topics.push(packet.topic);
    done();
  });
  return topics;
}
