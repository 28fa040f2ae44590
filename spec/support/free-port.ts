/**
 * A loopback port for a broker that a test stops and starts again.
 *
 * The port is below the range of ports that the kernel gives to outgoing connections. Otherwise, while the broker is down, a
 * client could get this port, or a client that reconnects could connect to itself.
 */

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

const LOWEST_PORT = 10_000;
const HIGHEST_PORT = 32_767;
const MAX_ATTEMPTS = 100;

const handedOut = new Set<number>();

/** A port of 127.0.0.1 on which nothing listens. A process never gets the same port twice. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT + 1);
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error(
    `no free port on 127.0.0.1 between ${LOWEST_PORT} and ${HIGHEST_PORT} in ${MAX_ATTEMPTS} attempts`,
  );
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
