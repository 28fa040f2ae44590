/**
 * ejabberd with mod_mqtt, run as an Erlang node without a name: it is no part of a cluster, and needs neither
 * epmd nor the user and the folders of the service.
 */

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from './broker-process.ts';
import { debianVersion, notInstalled } from './installed.ts';
import type { InteropBroker, Make } from './make.ts';

/** Everybody may be anybody, but must say who. */
const options = { username: 'mqttrep@localhost', password: 'any' };

export const ejabberd: Make = {
  title: 'ejabberd',
  source: 'Debian `ejabberd`, mod_mqtt',
  version: () => debianVersion('ejabberd'),
  start,
};

async function start(): Promise<InteropBroker> {
  const code = codeFolder();
  const broker = await startProcess('ejabberd', ({ port, folder, data }) => {
    const config = join(folder, 'ejabberd.yml');
    writeFileSync(config, configuration(port));
    const erl = ['-noinput', '-boot', 'start_sasl', '-sasl', 'sasl_error_logger', 'false'];
    const args = [...erl, '-pa', code, '-mnesia', 'dir', JSON.stringify(join(data, 'mnesia'))];
    return {
      program: 'erl',
      args: [...args, '-s', 'ejabberd', '+sbwt', 'none'],
      env: { EJABBERD_CONFIG_PATH: config, EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'), SPOOL_DIR: data },
    };
  });
  return Object.assign(broker, { access: { url: broker.url, options } });
}

function codeFolder(): string {
  for (const libraries of ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu']) {
    try {
      const found = readdirSync(libraries).find(name => name.startsWith('ejabberd-'));
      if (found !== undefined) return join(libraries, found, 'ebin');
    } catch {
      // Another architecture.
    }
  }
  throw notInstalled('ejabberd');
}

/** Clients are anonymous, and may use every topic: by default those of their own name alone. */
function configuration(port: number): string {
  return `hosts: [localhost]
loglevel: warning
auth_method: [anonymous]
anonymous_protocol: login_anon
listen:
  - port: ${port}
    ip: "127.0.0.1"
    module: mod_mqtt
modules:
  mod_mqtt:
    access_publish: {"#": [{allow: all}]}
    access_subscribe: {"#": [{allow: all}]}
`;
}
