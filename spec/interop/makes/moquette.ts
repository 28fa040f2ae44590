/** Moquette, by its own main class. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from './broker-process.ts';
import { installedAt, jarVersion } from './installed.ts';
import { java } from './java.ts';
import type { InteropBroker, Make } from './make.ts';

export const moquette: Make = {
  title: 'Moquette',
  source: 'Maven Central `moquette-broker`',
  version: () => jarVersion(installedAt('moquette'), 'moquette-broker'),
  start,
};

function start(): Promise<InteropBroker> {
  const installed = installedAt('moquette');
  return startProcess('moquette', ({ port, folder, data }) => {
    mkdirSync(join(folder, 'config'), { recursive: true });
    const lines = [
      `port ${port}`,
      'host 127.0.0.1',
      'allow_anonymous true',
      'telemetry_enabled false',
      `data_path ${data}/`,
      'persistence_enabled true',
    ];
    writeFileSync(join(folder, 'config', 'moquette.conf'), `${lines.join('\n')}\n`);
    return java(installed, 'io.moquette.broker.Server', [], {
      properties: { 'moquette.path': folder },
    });
  });
}
