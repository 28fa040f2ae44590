/** mqttrep under load: the executable as users run it, and what it costs. */

import { readFileSync } from 'node:fs';
import { type MqttrepProcess, startMqttrep } from '../spec/support/mqttrep-process.ts';
import { ROOT } from './message.ts';

/** Longest wait for all brokers to be connected and replayed, in milliseconds. */
const READY_LIMIT = 60_000;

/** Processor time, in milliseconds. */
export interface Cpu {
  readonly user: number;
  readonly system: number;
}

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

  /** Resolves when all brokers are connected and their replay is over. */
  static async start({ brokers, mergeFrequency, environment }: Settings): Promise<BenchedReplicator> {
    const names = Object.keys(brokers);
    const process = startMqttrep({
      ...Object.fromEntries(names.map(name => [`MQTTREP_CLIENT_${name}`, brokers[name] ?? ''])),
      MQTTREP_TOPIC_BENCH: `${ROOT}/#`,
      // The counters are told on this level, once, in the end.
      MQTTREP_LOG_LEVEL: 'debug',
      ...(mergeFrequency === undefined ? {} : { MQTTREP_MERGE_FREQUENCY: String(mergeFrequency) }),
      ...environment,
    });
    await Promise.all(names.map(name => process.line(`${name}: connected with`, READY_LIMIT)));
    return new BenchedReplicator(process);
  }

  private constructor(process: MqttrepProcess) {
    this.#process = process;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Used since the start, in steps of 10 ms. */
  cpu(): Cpu {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { user: Number(fields[11]) * 10, system: Number(fields[12]) * 10 };
  }

  residentMegabytes(): number {
    return this.#process.residentBytes() / 1e6;
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

export function cpuBetween(before: Cpu, after: Cpu): Cpu & { readonly total: number } {
  const user = after.user - before.user;
  const system = after.system - before.system;
  return { user, system, total: user + system };
}
