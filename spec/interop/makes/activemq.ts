/** ActiveMQ Classic, embedded by its own command line, with KahaDB. */

import { join } from 'node:path';
import { startProcess } from './broker-process.ts';
import { installedAt, jarVersion } from './installed.ts';
import { java } from './java.ts';
import type { InteropBroker, Make } from './make.ts';

export const activemq: Make = {
  title: 'ActiveMQ Classic',
  source: 'Maven Central `activemq-broker`, `activemq-mqtt`',
  version: () => jarVersion(installedAt('activemq'), 'activemq-broker'),
  start,
};

function start(): Promise<InteropBroker> {
  const installed = installedAt('activemq');
  return startProcess('activemq', ({ port, data }) => {
    const settings = `persistent=true&useJmx=false&dataDirectory=${join(data, 'activemq')}`;
    const uri = `broker:(mqtt://127.0.0.1:${port})?${settings}`;
    return java(installed, 'org.apache.activemq.console.command.ShellCommand', ['start', uri]);
  });
}
