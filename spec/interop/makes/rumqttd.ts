/** rumqttd, which listens to MQTT 3.1.1 and to MQTT 5 on a port each. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from './broker-process.ts';
import { installedAt } from './installed.ts';
import type { InteropBroker, Make, StartOptions } from './make.ts';

export const rumqttd: Make = { title: 'rumqttd', source: 'crates.io `rumqttd`', version, start };

function start({ protocol }: StartOptions): Promise<InteropBroker> {
  const program = join(installedAt('rumqttd'), 'bin', 'rumqttd');
  return startProcess('rumqttd', ({ port, folder }) => {
    const config = join(folder, 'rumqttd.toml');
    writeFileSync(config, configuration(protocol === 5 ? 'v5' : 'v4', port));
    return { program, args: ['-c', config], askedBy: protocol === 5 ? 5 : 4 };
  });
}

/** The limits are those of the configuration that the broker comes with. */
function configuration(version: 'v4' | 'v5', port: number): string {
  return `id = 0
[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[${version}.1]
name = "${version}-1"
listen = "127.0.0.1:${port}"
next_connection_delay_ms = 1
[${version}.1.connections]
connection_timeout_ms = 60000
max_payload_size = 20480
max_inflight_count = 100
dynamic_filters = true
`;
}

function version(): string {
  const program = join(installedAt('rumqttd'), 'bin', 'rumqttd');
  return execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().split(/\s+/).at(-1) ?? 'unknown';
}
