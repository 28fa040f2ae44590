/**
 * Node-RED's MQTT nodes: one `mqtt in` for each broker, wired to one `mqtt out` for each other one. Node-RED is not a
 * dependency of this package. It is installed once, into a folder that npm and git ignore.
 */

import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tempFolder } from '../../spec/support/temp-folder.ts';
import { ROOT } from '../message.ts';
import { runningChild } from './mqttjs-script.ts';
import type { Running, Site, Subject } from './subject.ts';

const VERSION = '4';

/** From dist/bench/subjects. */
const folder = fileURLToPath(new URL('../../../node_modules/.cache/mqttrep-bench/node-red', import.meta.url));
const program = join(folder, 'node_modules', 'node-red', 'red.js');

/** Longest wait for npm. */
const INSTALL_TIMEOUT_MS = 180_000;

export const nodeRed: Subject = {
  name: 'node-red',
  title: 'Node-RED',
  async prepare(): Promise<void> {
    if (existsSync(program)) return;
    mkdirSync(folder, { recursive: true });
    const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder];
    await promisify(execFile)('npm', ['install', ...options, `node-red@${VERSION}`], {
      timeout: INSTALL_TIMEOUT_MS,
    });
  },
  async launch(sites: readonly Site[]): Promise<Running> {
    const home = tempFolder('node-red');
    writeFileSync(join(home, 'settings.js'), SETTINGS);
    writeFileSync(join(home, 'flows.json'), JSON.stringify(flow(sites)));
    const args = [program, '--userDir', home, '--settings', join(home, 'settings.js'), 'flows.json'];
    return {
      ...runningChild(spawn(process.execPath, args, { stdio: 'ignore', cwd: home })),
      brokers: sites.map(({ broker }) => broker),
    };
  },
};

/** Without the editor, as on a gateway. */
const SETTINGS = `module.exports = {
  flowFile: 'flows.json',
  uiHost: '127.0.0.1',
  uiPort: 0,
  httpAdminRoot: false,
  httpNodeRoot: false,
  disableEditor: true,
  credentialSecret: false,
  telemetry: { enabled: false },
  logging: { console: { level: 'warn' } },
};
`;

function flow(sites: readonly Site[]): object[] {
  return [
    { id: 'bench', type: 'tab', label: 'bench' },
    ...sites.flatMap(({ port }, index) => nodes(port, index, sites.length)),
  ];
}

function nodes(port: number, index: number, count: number): object[] {
  const others = Array.from({ length: count }, (_, other) => other).filter(other => other !== index);
  const place = { z: 'bench', name: '', x: 100, y: 100, broker: `broker${index}` };
  return [
    {
      id: `broker${index}`,
      type: 'mqtt-broker',
      broker: '127.0.0.1',
      port: String(port),
      clientid: `node-red-${index}`,
      autoConnect: true,
      protocolVersion: '5',
      keepalive: '60',
      cleansession: true,
    },
    // No Local and Retain As Published, as in the script. A buffer leaves the payload unchanged.
    {
      ...place,
      id: `in${index}`,
      type: 'mqtt in',
      topic: `${ROOT}/#`,
      qos: '1',
      datatype: 'buffer',
      nl: true,
      rap: true,
      rh: 0,
      inputs: 0,
      wires: [others.map(other => `out${other}`)],
    },
    // Empty fields take topic, QoS and retain flag from the message.
    { ...place, id: `out${index}`, type: 'mqtt out', topic: '', qos: '', retain: '', wires: [] },
  ];
}
