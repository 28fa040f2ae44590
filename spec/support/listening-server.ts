/** Servers of specs on free ports of this machine, and their connections. */

import { once } from 'node:events';
import type { Server } from 'node:net';
import type { Duplex } from 'node:stream';

/** @throws when the server is closed */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it is closed');
  return address.port;
}

/** Closes a server with all of its connections. */
export async function closeWith(connections: Iterable<Duplex>, server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  for (const connection of connections) connection.destroy();
  await closed;
}
