/**
 * A server as a child process, which can be started, stopped, killed and started again. Its output is appended to a file:
 * so a full pipe never blocks it, and the output survives restarts.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { killAtExit } from './kill-at-exit.ts';

export interface ServerOptions {
  /** For messages of tests. */
  readonly name: string;
  /** The file for its output. */
  readonly output: string;
  /** Milliseconds. */
  readonly startLimitMs: number;
  /** Milliseconds after which a process that does not end is killed. */
  readonly stopLimitMs: number;
  /** Milliseconds between two checks whether it serves. */
  readonly pollMs: number;
}

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Default: that of this process. */
  readonly cwd?: string;
  /** Default: that of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

export class ServerProcess {
  readonly #options: ServerOptions;
  #child: ChildProcess | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Its whole output. */
  get output(): string {
    return readIfThere(this.#options.output);
  }

  /**
   * Throws while it runs.
   * @param objection the text of the error after the name
   */
  assertStopped(objection: string): void {
    if (this.#child !== undefined) throw new Error(`${this.#options.name} ${objection}`);
  }

  /**
   * Resolves with whether it serves now. If it has ended, or does not serve in time, it does not run any more.
   * Rejects if the program cannot be run.
   * @param serves called repeatedly
   */
  async start(command: ServerCommand, serves: () => boolean | Promise<boolean>): Promise<boolean> {
    this.assertStopped('runs already');
    const { startLimitMs, pollMs } = this.#options;
    const child = this.#spawn(command);
    this.#child = child;
    await once(child, 'spawn');
    const deadline = performance.now() + startLimitMs;
    while (this.#child === child && performance.now() < deadline) {
      if ((await serves()) && this.#child === child) return true;
      await wait(pollMs);
    }
    await this.end('SIGKILL');
    return false;
  }

  /** Does nothing if it does not run. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.ref();
    child.kill(signal);
    const limit = setTimeout(() => child.kill('SIGKILL'), this.#options.stopLimitMs);
    await exited;
    clearTimeout(limit);
  }

  #spawn({ program, args, cwd, env }: ServerCommand): ChildProcess {
    const output = openSync(this.#options.output, 'a');
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', output, output] });
    closeSync(output);
    killAtExit(child);
    const gone = () => {
      if (this.#child === child) this.#child = undefined;
    };
    child.once('exit', gone);
    child.once('error', gone);
    // A server that a failed test has left running must not keep mocha from ending.
    child.unref();
    return child;
  }
}

/** Empty if there is no file. */
export function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
