/** ActiveMQ Artemis, embedded by its own main class. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from './broker-process.ts';
import { installedAt, jarVersion } from './installed.ts';
import { java } from './java.ts';
import type { InteropBroker, Make } from './make.ts';

/** It has a queue for each retained topic: with 256 MB it runs out of memory at some 3,000, and answers nobody then. */
const heap = 1024;

export const artemis: Make = {
  title: 'ActiveMQ Artemis',
  source: 'Maven Central `artemis-server`, `artemis-mqtt-protocol`',
  version: () => jarVersion(installedAt('artemis'), 'artemis-server'),
  start,
};

function start(): Promise<InteropBroker> {
  const installed = installedAt('artemis');
  return startProcess('artemis', ({ port, folder, data }) => {
    const etc = join(folder, 'etc');
    mkdirSync(etc, { recursive: true });
    writeFileSync(join(etc, 'broker.xml'), configuration(port, data));
    return java(installed, 'org.apache.activemq.artemis.core.server.embedded.Main', [folder], { heap });
  });
}

function configuration(port: number, data: string): string {
  return `<?xml version="1.0"?>
<configuration xmlns="urn:activemq">
  <core xmlns="urn:activemq:core">
    <name>mqttrep</name>
    <security-enabled>false</security-enabled>
    <persistence-enabled>true</persistence-enabled>
    <journal-type>NIO</journal-type>
    <paging-directory>${data}/paging</paging-directory>
    <bindings-directory>${data}/bindings</bindings-directory>
    <journal-directory>${data}/journal</journal-directory>
    <large-messages-directory>${data}/large</large-messages-directory>
    <acceptors>
      <acceptor name="mqtt">tcp://127.0.0.1:${port}?protocols=MQTT</acceptor>
    </acceptors>
  </core>
</configuration>
`;
}
