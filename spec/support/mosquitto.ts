/**
 * A real mosquitto: a process of its own on a loopback port of its own.
 *
 * Its configuration is in a temporary folder. A mosquitto that runs as a service is not needed and not touched. Limits
 * (`max_queued_messages`, `max_inflight_messages`…) are the defaults of mosquitto unless a test sets them. Without
 * `persistence` a restart loses every retained message.
 */

import { accessSync, constants, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { acceptsMqtt } from './accepts-mqtt.ts';
import { freePort } from './free-port.ts';
import { readIfThere, ServerProcess } from './server-process.ts';
import { tempFolder } from './temp-folder.ts';
import type { TestBroker } from './test-broker.ts';

export interface MosquittoOptions {
  /** Default: a free port, and another one if that is taken meanwhile. */
  readonly port?: number;
  /** More lines for mosquitto.conf, such as `max_queued_messages 10`. */
  readonly config?: readonly string[];
  /** The folder for retained messages and sessions, which then survive a restart. */
  readonly persistence?: string;
}

const portAttempts = 5;
const startLimitMs = 10_000;
const stopLimitMs = 10_000;
const pollMs = 10;

class PortTaken extends Error {}

/** Starts a broker and resolves when it accepts MQTT connections. Rejects with the output of mosquitto. */
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

/** Skips the calling test or suite if mosquitto is missing; throws in CI, where it must be installed. */
export function requireMosquitto(context: Mocha.Context): void {
  if (hasMosquitto()) return;
  if (process.env.CI === 'true') throw new Error('mosquitto is not installed (apt install mosquitto)');
  if (!saidSkipped) console.log('skipped: mosquitto is not installed (apt install mosquitto)');
  saidSkipped = true;
  context.skip();
}

function findMosquitto(): string | undefined {
  // Debian installs it in a folder that is not in the PATH of ordinary users.
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
  /** Before mosquitto has opened its log, its messages are in its output. */
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

  /** The log is checked first: if the port was taken, another broker answers on it. */
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
    // `#serves` looks for a line of the level information.
    ...['error', 'warning', 'notice', 'information'].map(type => `log_type ${type}`),
    // If root starts it, mosquitto becomes a user that cannot write to these folders.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    ...(options.persistence === undefined
      ? []
      : ['persistence true', `persistence_location ${join(options.persistence, '/')}`]),
    ...(options.config ?? []),
  ];
  return `${lines.join('\n')}\n`;
}
