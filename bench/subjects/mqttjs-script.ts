/** The script that many users write themselves, on MQTT.js: what one broker sends is published to the others. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { killAtExit } from '../../spec/support/kill-at-exit.ts';
import type { Running, Site, Subject } from './subject.ts';

export const mqttjsScript: Subject = {
  name: 'script',
  title: 'MQTT.js script',
  async launch(sites: readonly Site[]): Promise<Running> {
    const child = fork(
      fileURLToPath(new URL('./forwarding-script.js', import.meta.url)),
      sites.map(({ port }) => `mqtt://127.0.0.1:${port}`),
      { execArgv: [] },
    );
    return { ...runningChild(child), brokers: sites.map(({ broker }) => broker) };
  },
};

/** A process of its own that is a subject, or most of one. */
export function runningChild(child: ChildProcess): Pick<Running, 'pids' | 'stop'> {
  killAtExit(child);
  if (child.pid === undefined) throw new Error(`${child.spawnfile} was not started`);
  return {
    pids: [child.pid],
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
