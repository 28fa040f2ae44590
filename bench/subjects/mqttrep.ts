/** mqttrep as users run it: the executable, with the settings of the scenario. */

import { setTimeout as wait } from 'node:timers/promises';
import { startMqttrep } from '../../spec/support/mqttrep-process.ts';
import { tempFolder } from '../../spec/support/temp-folder.ts';
import { environmentOf, type Settings } from '../replicator.ts';
import type { Running, Site, Subject } from './subject.ts';

export interface Variant extends Omit<Settings, 'brokers'> {
  /** What distinguishes this column from other ones of mqttrep, such as `, 20 Hz`; may be empty. */
  readonly label: string;
}

export function mqttrep({ label, ...settings }: Variant): Subject {
  return {
    name: 'mqttrep',
    title: `mqttrep${label}`,
    async launch(sites: readonly Site[]): Promise<Running> {
      const store = tempFolder('bench-store');
      const brokers = Object.fromEntries(
        sites.map(({ port }, index) => [`B${index}`, `mqtt://127.0.0.1:${port}`]),
      );
      const start = () => startMqttrep({ MQTTREP_STORE: store, ...environmentOf({ ...settings, brokers }) });
      let process = start();
      return {
        get pids() {
          return [process.pid];
        },
        brokers: sites.map(({ broker }) => broker),
        async stop() {
          const { code } = await process.stop();
          if (code !== 0) throw new Error(`mqttrep ended with ${code}:\n${process.stderr.slice(-2_000)}`);
        },
        async kill(pauseMs) {
          await process.stop('SIGKILL');
          await wait(pauseMs);
          process = start();
        },
      };
    },
  };
}
