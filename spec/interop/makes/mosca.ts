/** Mosca, the forerunner of Aedes, in a process of its own. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from './broker-process.ts';
import { installedAt } from './installed.ts';
import type { InteropBroker, Make } from './make.ts';

export const mosca: Make = { title: 'Mosca', source: 'npm `mosca`', version, start };

const server = fileURLToPath(new URL('./mosca-server.js', import.meta.url));

function start(): Promise<InteropBroker> {
  const installed = installedAt('mosca');
  return startProcess('mosca', ({ port }) => ({
    program: process.execPath,
    args: ['--no-deprecation', server, installed, String(port)],
  }));
}

function version(): string {
  const file = join(installedAt('mosca'), 'node_modules', 'mosca', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
