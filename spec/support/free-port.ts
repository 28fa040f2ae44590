/**
 * A loopback port for a broker that a test stops and starts again.
 *
 * It is taken from below the range out of which the kernel numbers outgoing connections. Otherwise, while the
 * broker is down, some client could be given its port, or a client that reconnects could connect to itself.
 */

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

const lowest = 10_000;
const highest = 32_767;
const attempts = 100;

const handedOut = new Set<number>();

/** A port of 127.0.0.1 where nothing listens, never the same twice in one process. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(lowest, highest + 1);
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error(`no free port on 127.0.0.1 between ${lowest} and ${highest} in ${attempts} attempts`);
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
