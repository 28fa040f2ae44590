/** Aedes, in a process of its own. It comes with the dependencies of mqttrep. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startProcess } from './broker-process.ts';
import type { InteropBroker, Make } from './make.ts';

export const aedes: Make = { title: 'Aedes', source: 'npm `aedes`', version, start };

const server = fileURLToPath(new URL('./aedes-server.js', import.meta.url));

/** From dist/spec/interop/makes. The package exports no package.json. */
const manifest = new URL('../../../../node_modules/aedes/package.json', import.meta.url);

function start(): Promise<InteropBroker> {
  return startProcess('aedes', ({ port }) => ({ program: process.execPath, args: [server, String(port)] }));
}

function version(): string {
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
