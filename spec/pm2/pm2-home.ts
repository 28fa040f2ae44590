/**
 * A separate PM2 for one test: its daemon, logs and sockets are in a new folder, apart from any PM2 of the user.
 *
 * The program is `pm2` on the PATH, or the one that the variable PM2 names.
 */

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Environment } from '../support/mqttrep-process.ts';
import { tempFolder } from '../support/temp-folder.ts';

const run = promisify(execFile);

/** From dist/spec/pm2. */
const ecosystem = fileURLToPath(new URL('../../../ecosystem.config.cjs', import.meta.url));

export interface Pm2Process {
  readonly pid: number;
  readonly status: string;
  readonly exitCode: number | undefined;
  readonly restarts: number;
}

export class Pm2Home {
  readonly #folder = tempFolder('pm2');
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = {
      PATH: process.env.PATH ?? '',
      HOME: this.#folder,
      PM2_HOME: this.#folder,
      // Otherwise PM2 reports to its vendor.
      PM2_DISABLE_VERSION_CHECK: 'true',
      PM2_DISCRETE_MODE: 'true',
      ...environment,
    };
    process.once('exit', () => this.#killDaemon());
  }

  /** Starts the daemon. Otherwise each command would start one, and two commands at once would start two. */
  async open(): Promise<void> {
    await this.#pm2('ping');
  }

  /** Starts mqttrep by the ecosystem file of the package; resolves when PM2 reports that it is ready. */
  async start(): Promise<void> {
    await this.#pm2('start', ecosystem);
  }

  async stop(): Promise<void> {
    await this.#pm2('stop', 'mqttrep');
  }

  async reload(): Promise<void> {
    await this.#pm2('reload', ecosystem);
  }

  /** Ends the daemon and all its processes. */
  async kill(): Promise<void> {
    await this.#pm2('kill');
  }

  /** The process in the list of PM2; undefined if the list is empty. */
  async state(): Promise<Pm2Process | undefined> {
    const list: unknown = JSON.parse(await this.#pm2('jlist', '--silent'));
    const [first] = Array.isArray(list) ? (list as Listed[]) : [];
    if (first === undefined) return undefined;
    const { pid, pm2_env: env } = first;
    return { pid, status: env.status, exitCode: env.exit_code, restarts: env.restart_time };
  }

  /** The log of PM2 about its processes. */
  get log(): string {
    return readIfThere(join(this.#folder, 'pm2.log'));
  }

  /** The standard error of mqttrep. */
  get stderr(): string {
    return readIfThere(join(this.#folder, 'logs', 'mqttrep-error-0.log'));
  }

  async #pm2(...args: readonly string[]): Promise<string> {
    const program = process.env.PM2 ?? 'pm2';
    const { stdout } = await run(program, [...args], { env: this.#environment, timeout: 60_000 });
    return stdout;
  }

  #killDaemon(): void {
    try {
      process.kill(Number(readFileSync(join(this.#folder, 'pm2.pid'), 'utf8')), 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }
}

/** The fields that specs use. */
interface Listed {
  readonly pid: number;
  readonly pm2_env: { readonly status: string; readonly exit_code?: number; readonly restart_time: number };
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
