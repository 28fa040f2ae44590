/** NATS with JetStream, which its MQTT needs. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { startProcess } from './broker-process.ts';
import { debianVersion, installedFile } from './installed.ts';
import type { InteropBroker, Make } from './make.ts';

export const nats: Make = {
  title: 'NATS',
  source: 'Debian `nats-server`, with JetStream',
  version: () => debianVersion('nats-server'),
  start,
};

function start(): Promise<InteropBroker> {
  const program = installedFile('nats', '/usr/sbin/nats-server', '/usr/bin/nats-server');
  return startProcess('nats', async ({ port, folder, data }) => {
    const config = join(folder, 'nats.conf');
    const lines = [
      `listen: "127.0.0.1:${await freePort()}"`,
      `server_name: "mqttrep${port}"`,
      `jetstream { store_dir: ${JSON.stringify(data)} }`,
      `mqtt { listen: "127.0.0.1:${port}" }`,
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    return { program, args: ['-c', config] };
  });
}
