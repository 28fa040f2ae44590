/**
 * A PM2 of its own for one test: its daemon, logs and sockets in a new folder, unknown to any PM2 of the user.
 *
 * The program is `pm2` on the PATH, or what the variable PM2 names.
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
      // The only words that PM2 sends home unasked.
      PM2_DISABLE_VERSION_CHECK: 'true',
      PM2_DISCRETE_MODE: 'true',
      ...environment,
    };
    process.once('exit', () => this.#killDaemon());
  }

  /** Starts the daemon. Without it each command would start one, and two at once two. */
  async open(): Promise<void> {
    await this.#pm2('ping');
  }

  /** Starts what the package's own ecosystem file says; resolves when PM2 believes it to be ready. */
  async start(): Promise<void> {
    await this.#pm2('start', ecosystem);
  }

  async stop(): Promise<void> {
    await this.#pm2('stop', 'mqttrep');
  }

  async reload(): Promise<void> {
    await this.#pm2('reload', ecosystem);
  }

  /** Ends the daemon, and with it whatever it runs. */
  async kill(): Promise<void> {
    await this.#pm2('kill');
  }

  /** The process as PM2 sees it; undefined while PM2 knows of none. */
  async state(): Promise<Pm2Process | undefined> {
    const list: unknown = JSON.parse(await this.#pm2('jlist', '--silent'));
    const [first] = Array.isArray(list) ? (list as Listed[]) : [];
    if (first === undefined) return undefined;
    const { pid, pm2_env: env } = first;
    return { pid, status: env.status, exitCode: env.exit_code, restarts: env.restart_time };
  }

  /** What PM2 has noted about its processes. */
  get log(): string {
    return readIfThere(join(this.#folder, 'pm2.log'));
  }

  /** What mqttrep has written to standard error. */
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

/** As far as it is read here. */
interface Listed {
  readonly pid: number;
  readonly pm2_env: { readonly status: string; readonly exit_code?: number; readonly restart_time: number };
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
