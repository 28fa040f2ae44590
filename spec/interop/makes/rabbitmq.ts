/**
 * RabbitMQ with its MQTT plugin.
 *
 * Erlang nodes find each other by a daemon, epmd, which outlives them. Each broker gets one of its own, on a
 * port of its own, so that none is left behind and nothing of the machine's own RabbitMQ is touched.
 */

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { killAtExit } from '../../support/kill-at-exit.ts';
import { type Place, startProcess } from './broker-process.ts';
import { debianVersion, installedFile } from './installed.ts';
import type { InteropBroker, Make } from './make.ts';

export const rabbitmq: Make = {
  title: 'RabbitMQ',
  source: 'Debian `rabbitmq-server`, plugin rabbitmq_mqtt',
  version: () => debianVersion('rabbitmq-server'),
  start,
};

/** The starter below the one on the PATH: that one wants to be run by its own user. */
function start(): Promise<InteropBroker> {
  const program = installedFile('rabbitmq', '/usr/lib/rabbitmq/bin/rabbitmq-server');
  let epmdPort: number | undefined;
  return startProcess('rabbitmq', async place => {
    epmdPort ??= await startEpmd();
    return { program, args: [], env: await environment(place, epmdPort) };
  });
}

async function startEpmd(): Promise<number> {
  const port = await freePort();
  const child = spawn('epmd', ['-port', String(port), '-address', '127.0.0.1'], { stdio: 'ignore' });
  killAtExit(child);
  child.unref();
  return port;
}

async function environment({ port, folder, data }: Place, epmdPort: number): Promise<Record<string, string>> {
  const config = join(folder, 'rabbitmq.conf');
  const plugins = join(folder, 'enabled_plugins');
  const lines = [
    `mqtt.listeners.tcp.1 = 127.0.0.1:${port}`,
    'listeners.tcp = none',
    'mqtt.allow_anonymous = true',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  writeFileSync(plugins, '[rabbitmq_mqtt].\n');
  return {
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `mqttrep${port}@localhost`,
    RABBITMQ_DIST_PORT: String(await freePort()),
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_MNESIA_BASE: data,
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    // One scheduler thread does not spin while the other works.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+sbwt none',
  };
}
