/**
 * The real mosquitto, one process a broker, on a loopback port of its own.
 *
 * Its configuration stands in a temporary folder; a mosquitto that runs as a service is neither needed nor
 * touched. Limits (`max_queued_messages`, `max_inflight_messages`…) are mosquitto's own unless a test sets
 * them. Without `persistence` a restart loses every retained message.
 */

import { accessSync, constants, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { acceptsMqtt } from './accepts-mqtt.ts';
import { freePort } from './free-port.ts';
import { readIfThere, ServerProcess } from './server-process.ts';
import { tempFolder } from './temp-folder.ts';
import type { TestBroker } from './test-broker.ts';

export interface MosquittoOptions {
  /** Default: a free one, and another if that is taken meanwhile. */
  readonly port?: number;
  /** More lines for mosquitto.conf, such as `max_queued_messages 10`. */
  readonly config?: readonly string[];
  /** The folder where retained messages and sessions are kept over a restart. */
  readonly persistence?: string;
}

const portAttempts = 5;
const startLimitMs = 10_000;
const stopLimitMs = 10_000;
const pollMs = 10;

class PortTaken extends Error {}

/** Starts a broker; resolves once it accepts MQTT connections. Rejects with mosquitto's own words. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<TestBroker> {
  for (let attempt = 1; ; attempt++) {
    const broker = new Mosquitto(options.port ?? (await freePort()), options);
    try {
      await broker.start();
      return broker;
    } catch (error) {
      const another = error instanceof PortTaken && options.port === undefined && attempt < portAttempts;
      if (!another) throw error;
    }
  }
}

export function hasMosquitto(): boolean {
  return findMosquitto() !== undefined;
}

let saidSkipped = false;

/** Skips the calling test or suite where mosquitto is missing; in CI, where it must be there, throws. */
export function requireMosquitto(context: Mocha.Context): void {
  if (hasMosquitto()) return;
  if (process.env.CI === 'true') throw new Error('mosquitto is not installed (apt install mosquitto)');
  if (!saidSkipped) console.log('skipped: mosquitto is not installed (apt install mosquitto)');
  saidSkipped = true;
  context.skip();
}

function findMosquitto(): string | undefined {
  // Debian puts it in a folder that the PATH of an ordinary user lacks.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders
    .filter(folder => folder !== '')
    .map(folder => join(folder, 'mosquitto'))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

class Mosquitto implements TestBroker {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly #folder = tempFolder('mosquitto');
  /** What mosquitto says before it has opened its log is its output. */
  readonly #process: ServerProcess;

  constructor(port: number, options: MosquittoOptions) {
    this.name = `mosquitto:${port}`;
    this.url = `mqtt://127.0.0.1:${port}`;
    this.port = port;
    const output = join(this.#folder, 'output');
    this.#process = new ServerProcess({ name: this.name, output, startLimitMs, stopLimitMs, pollMs });
    writeFileSync(this.#configFile, configuration(port, this.#logFile, options));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  log(): string {
    return readIfThere(this.#logFile) + this.#process.output;
  }

  async start(): Promise<void> {
    const program = findMosquitto();
    if (program === undefined) throw new Error('mosquitto is not installed (apt install mosquitto)');
    const logFrom = readIfThere(this.#logFile).length;
    const command = { program, args: ['-c', this.#configFile] };
    if (await this.#process.start(command, () => this.#serves(logFrom))) return;
    const log = this.log();
    throw log.includes('Address already in use')
      ? new PortTaken(`port ${this.port} is taken`)
      : new Error(`${this.name} did not start:\n${log}`);
  }

  stop(): Promise<void> {
    return this.#process.end('SIGTERM');
  }

  kill(): Promise<void> {
    return this.#process.end('SIGKILL');
  }

  /** The log is asked first: where the port was taken, what answers on it is another broker. */
  async #serves(logFrom: number): Promise<boolean> {
    const isRunning = / running$/m.test(readIfThere(this.#logFile).slice(logFrom));
    return isRunning && (await acceptsMqtt(this.port));
  }

  get #configFile(): string {
    return join(this.#folder, 'mosquitto.conf');
  }

  get #logFile(): string {
    return join(this.#folder, 'mosquitto.log');
  }
}

function configuration(port: number, logFile: string, options: MosquittoOptions): string {
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'set_tcp_nodelay true',
    `log_dest file ${logFile}`,
    // `#serves` reads an information line.
    ...['error', 'warning', 'notice', 'information'].map(type => `log_type ${type}`),
    // Started by root, mosquitto would become a user who may not write into our folders.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    ...(options.persistence === undefined
      ? []
      : ['persistence true', `persistence_location ${join(options.persistence, '/')}`]),
    ...(options.config ?? []),
  ];
  return `${lines.join('\n')}\n`;
}
