/** mqttrep under load: the executable as users run it, and its counters. */

import { type MqttrepProcess, startMqttrep } from '../spec/support/mqttrep-process.ts';
import { monotonic } from './clock.ts';
import { ROOT } from './message.ts';

/** Longest wait until all brokers are connected and caught up. */
const READY_TIMEOUT_MS = 60_000;

export interface Settings {
  /** URL by name. */
  readonly brokers: Readonly<Record<string, string>>;
  /** Hz; undefined: the default. */
  readonly mergeFrequency?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The counters of each actor, by its name. */
export type Counters = Readonly<Record<string, Readonly<Record<string, number>>>>;

export class ReplicatorProcess {
  readonly #process: MqttrepProcess;
  /** The time at which the first broker was connected and caught up, in milliseconds of the monotonic clock. */
  readonly firstReadyAt: number;

  /** Resolves when all brokers are connected and caught up. */
  static async start({ brokers, ...settings }: Settings): Promise<ReplicatorProcess> {
    const names = Object.keys(brokers);
    const process = startMqttrep(environmentOf({ brokers, ...settings }));
    const readyAt = await Promise.all(
      names.map(async name => {
        await process.line(`${name}: connected with`, READY_TIMEOUT_MS);
        return monotonic();
      }),
    );
    return new ReplicatorProcess(process, Math.min(...readyAt));
  }

  private constructor(process: MqttrepProcess, firstReadyAt: number) {
    this.#process = process;
    this.firstReadyAt = firstReadyAt;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Stops it in order. @throws if its exit code is not 0 */
  async stop(): Promise<Counters> {
    const { code } = await this.#process.stop();
    if (code !== 0) throw new Error(`mqttrep ended with ${code}:\n${this.#process.stderr}`);
    const counterLines = this.#process.stderr.matchAll(/debug (\S+): (\{.*\})$/gm);
    return Object.fromEntries(
      [...counterLines].map(([, name = '', json = '{}']) => [name, JSON.parse(json)]),
    );
  }
}

/** The environment of the executable, with what the unit for systemd, the image and the file for PM2 set. */
export function environmentOf({ brokers, mergeFrequency, environment }: Settings): Record<string, string> {
  return {
    ...Object.fromEntries(Object.entries(brokers).map(([name, url]) => [`MQTTREP_CLIENT_${name}`, url])),
    MQTTREP_TOPIC_BENCH: `${ROOT}/#`,
    // mqttrep logs its counters at this level, once, when it stops.
    MQTTREP_LOG_LEVEL: 'debug',
    MALLOC_ARENA_MAX: '2',
    ...(mergeFrequency === undefined ? {} : { MQTTREP_MERGE_FREQUENCY: String(mergeFrequency) }),
    ...environment,
  };
}
