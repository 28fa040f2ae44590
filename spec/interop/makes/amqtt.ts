/** aMQTT, the heir of HBMQTT. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from './broker-process.ts';
import { installedAt } from './installed.ts';
import type { InteropBroker, Make } from './make.ts';

export const amqtt: Make = { title: 'aMQTT', source: 'PyPI `amqtt`', version, start };

function start(): Promise<InteropBroker> {
  const program = join(installedAt('amqtt'), 'venv', 'bin', 'amqtt');
  return startProcess('amqtt', ({ port, folder }) => {
    const config = join(folder, 'amqtt.yaml');
    writeFileSync(config, configuration(port));
    return { program, args: ['-c', config] };
  });
}

function configuration(port: number): string {
  return `listeners:
  default:
    type: tcp
    bind: 127.0.0.1:${port}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
`;
}

function version(): string {
  const program = join(installedAt('amqtt'), 'venv', 'bin', 'amqtt');
  return execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().split(/\s+/).at(-1) ?? 'unknown';
}
