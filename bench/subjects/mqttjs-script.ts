/** The script that many users write themselves with MQTT.js: it publishes what one broker sends to all others. */

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

/** The parts of a subject that is one child process. */
export function runningChild(child: ChildProcess): Pick<Running, 'pids' | 'stop'> {
  killAtExit(child);
  if (child.pid === undefined) throw new Error(`${child.spawnfile} could not be started`);
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
