/** mqttrep under load: the executable as users run it, and what it costs. */

import { type MqttrepProcess, startMqttrep } from '../spec/support/mqttrep-process.ts';
import { monotonic } from './clock.ts';
import { ROOT } from './message.ts';

/** Longest wait for all brokers to be connected and replayed, in milliseconds. */
const READY_LIMIT = 60_000;

export interface Settings {
  /** URL by name. */
  readonly brokers: Readonly<Record<string, string>>;
  /** Hz; undefined for the default. */
  readonly mergeFrequency?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The counters of each actor by its name. */
export type Counters = Readonly<Record<string, Readonly<Record<string, number>>>>;

export class BenchedReplicator {
  readonly #process: MqttrepProcess;
  /** When the first broker was connected and its replay over, in milliseconds of the monotonic clock. */
  readonly firstReadyAt: number;

  /** Resolves when all brokers are connected and their replay is over. */
  static async start({ brokers, ...settings }: Settings): Promise<BenchedReplicator> {
    const names = Object.keys(brokers);
    const process = startMqttrep(environmentOf({ brokers, ...settings }));
    const readyAt = await Promise.all(
      names.map(async name => {
        await process.line(`${name}: connected with`, READY_LIMIT);
        return monotonic();
      }),
    );
    return new BenchedReplicator(process, Math.min(...readyAt));
  }

  private constructor(process: MqttrepProcess, firstReadyAt: number) {
    this.#process = process;
    this.firstReadyAt = firstReadyAt;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Lines of the log that tell of something wrong. */
  get complaints(): string[] {
    return this.#process.stderr.split('\n').filter(line => / (error|warn) /.test(line));
  }

  /** Ends it in good order. @throws if it did not end with 0 */
  async stop(): Promise<Counters> {
    const { code } = await this.#process.stop();
    if (code !== 0) throw new Error(`mqttrep ended with ${code}:\n${this.#process.stderr}`);
    const told = this.#process.stderr.matchAll(/debug (\S+): (\{.*\})$/gm);
    return Object.fromEntries([...told].map(([, name = '', json = '{}']) => [name, JSON.parse(json)]));
  }
}

/** What the executable is told. */
export function environmentOf({ brokers, mergeFrequency, environment }: Settings): Record<string, string> {
  return {
    ...Object.fromEntries(Object.entries(brokers).map(([name, url]) => [`MQTTREP_CLIENT_${name}`, url])),
    MQTTREP_TOPIC_BENCH: `${ROOT}/#`,
    // The counters are told on this level, once, in the end.
    MQTTREP_LOG_LEVEL: 'debug',
    ...(mergeFrequency === undefined ? {} : { MQTTREP_MERGE_FREQUENCY: String(mergeFrequency) }),
    ...environment,
  };
}
