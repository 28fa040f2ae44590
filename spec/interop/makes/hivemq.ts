/** HiveMQ Community Edition, embedded in a few lines of Java that the JVM compiles as it starts. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from './broker-process.ts';
import { installedAt, jarVersion } from './installed.ts';
import { java } from './java.ts';
import type { InteropBroker, Make, StartOptions } from './make.ts';

export const hivemq: Make = {
  title: 'HiveMQ Community Edition',
  source: 'Maven Central `hivemq-community-edition-embedded`',
  version: () => jarVersion(installedAt('hivemq'), 'hivemq-community-edition-embedded'),
  start,
};

/** From dist/spec/interop/makes. */
const source = fileURLToPath(new URL('../../../../spec/interop/makes/Hivemq.java', import.meta.url));

function start({ queue }: StartOptions): Promise<InteropBroker> {
  const installed = installedAt('hivemq');
  return startProcess('hivemq', ({ port, folder, data }) => {
    const [conf, extensions] = [join(folder, 'conf'), join(folder, 'extensions')];
    for (const name of [conf, extensions]) mkdirSync(name, { recursive: true });
    writeFileSync(join(conf, 'config.xml'), configuration(port, queue));
    return java(installed, source, [conf, data, extensions]);
  });
}

function configuration(port: number, queue: number | undefined): string {
  const mqtt =
    queue === undefined
      ? ''
      : `<mqtt><queued-messages><max-queue-size>${queue}</max-queue-size></queued-messages></mqtt>`;
  return `<?xml version="1.0"?>
<hivemq>
  <listeners>
    <tcp-listener><port>${port}</port><bind-address>127.0.0.1</bind-address></tcp-listener>
  </listeners>
  ${mqtt}
  <anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics>
</hivemq>
`;
}
