/** Mochi MQTT, by the command of its own module. It keeps retained messages in memory. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { startProcess } from './broker-process.ts';
import { installedAt } from './installed.ts';
import type { InteropBroker, Make } from './make.ts';

export const mochi: Make = {
  title: 'Mochi MQTT',
  source: 'Go `github.com/mochi-mqtt/server/v2`',
  version,
  start,
};

function start(): Promise<InteropBroker> {
  const program = join(installedAt('mochi'), 'bin', 'cmd');
  return startProcess('mochi', async ({ port }) => {
    const others = [`-ws=127.0.0.1:${await freePort()}`, `-info=127.0.0.1:${await freePort()}`];
    return { program, args: [`-tcp=127.0.0.1:${port}`, ...others] };
  });
}

function version(): string {
  const program = join(installedAt('mochi'), 'bin', 'cmd');
  const built = execFileSync('go', ['version', '-m', program], { encoding: 'utf8' });
  return /mochi-mqtt\/server\/v2\s+v(\S+)/.exec(built)?.[1] ?? 'unknown';
}
