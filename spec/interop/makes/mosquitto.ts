/** mosquitto, with persistence, by TCP and where wanted by TLS or websocket beside it. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { freePort } from '../../support/free-port.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { certificates } from './certificates.ts';
import { installedFile } from './installed.ts';
import type { Access, InteropBroker, Make, StartOptions, Transport } from './make.ts';

export const mosquitto: Make = { title: 'Mosquitto', source: 'Debian `mosquitto`', version, start };

async function start({ transport = 'tcp' }: StartOptions): Promise<InteropBroker> {
  const persistence = tempFolder('persistence');
  const { access, lines } = listener(transport, await freePort());
  const broker = await startMosquitto({ persistence, config: lines });
  return {
    ...(access === undefined ? {} : { access }),
    name: broker.name,
    url: broker.url,
    port: broker.port,
    get pid() {
      return broker.pid;
    },
    log: () => broker.log(),
    start: () => broker.start(),
    stop: () => broker.stop(),
    kill: () => broker.kill(),
    wipe: () => {
      rmSync(persistence, { recursive: true, force: true });
      mkdirSync(persistence);
    },
  };
}

/** A second listener, beside that by plain TCP. */
function listener(transport: Transport, port: number): { access?: Access; lines: string[] } {
  if (transport === 'tcp') return { lines: [] };
  const open = `listener ${port} 127.0.0.1`;
  if (transport === 'ws') {
    return {
      access: { url: `ws://127.0.0.1:${port}`, options: {} },
      lines: [open, 'protocol websockets'],
    };
  }
  const { ca, certFile, keyFile } = certificates();
  return {
    access: { url: `mqtts://127.0.0.1:${port}`, options: { ca, servername: 'localhost' } },
    lines: [open, `certfile ${certFile}`, `keyfile ${keyFile}`],
  };
}

/** `mosquitto -h` ends with an exit code of 3. */
function version(): string {
  const program = installedFile('mosquitto', '/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto');
  try {
    return parsed(execFileSync(program, ['-h'], { encoding: 'utf8' }));
  } catch (error) {
    return parsed(String((error as { stdout?: unknown }).stdout));
  }
}

function parsed(help: string): string {
  return /mosquitto version (\S+)/.exec(help)?.[1] ?? 'unknown';
}
