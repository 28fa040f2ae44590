/** A mosquitto with an ACL for the user `rep`, which can be changed while it runs. Other users may do everything. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startMosquitto } from './mosquitto.ts';
import { tempFolder } from './temp-folder.ts';
import type { TestBroker } from './test-broker.ts';

export interface AclBroker {
  readonly broker: TestBroker;
  /** Changes the rights of `rep`, such as `readwrite #`. The broker reads them a moment later. */
  readonly change: (rights: readonly string[]) => void;
}

export async function startWithAcl(
  rights: readonly string[],
  config: readonly string[] = [],
): Promise<AclBroker> {
  const file = join(tempFolder('acl'), 'rights.acl');
  const write = (granted: readonly string[]) => writeFileSync(file, aclOf(granted), { mode: 0o644 });
  write(rights);
  const broker = await startMosquitto({ config: [`acl_file ${file}`, ...config] });
  return {
    broker,
    change: granted => {
      write(granted);
      if (broker.pid !== undefined) process.kill(broker.pid, 'SIGHUP');
    },
  };
}

function aclOf(rights: readonly string[]): string {
  const lines = ['#', '$sentinel/#', '$end/#']
    .map(filter => `topic readwrite ${filter}`)
    .concat('', 'user rep');
  return [...lines, 'topic readwrite $sentinel/#', ...rights.map(right => `topic ${right}`), ''].join('\n');
}
