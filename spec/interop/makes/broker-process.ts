/**
 * A broker that is a process of its own: started on a port of loopback, with its data in a folder of its own
 * that outlives a restart, until `wipe`.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { acceptsMqtt } from '../../support/accepts-mqtt.ts';
import { freePort } from '../../support/free-port.ts';
import { killAtExit } from '../../support/kill-at-exit.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import type { InteropBroker } from './make.ts';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Beside PATH, HOME and the locale. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Where a broker may write. */
export interface Place {
  readonly port: number;
  /** For configuration; kept until the end of the tests. */
  readonly folder: string;
  /** Emptied by `wipe`. */
  readonly data: string;
}

/** Writes what the broker needs, and tells how it is run. Called before each start, after `wipe` too. */
export type Prepare = (place: Place) => Command | Promise<Command>;

/** JVMs on a busy machine of two cores take this long. */
const startLimitMs = 90_000;
const stopLimitMs = 30_000;
const pollMs = 100;

/** The end of the log that is shown where a broker does not start. */
const shownCharacters = 3000;

export async function startProcess(name: string, prepare: Prepare): Promise<InteropBroker> {
  const broker = new BrokerProcess(name, await freePort(), prepare);
  await broker.start();
  return broker;
}

class BrokerProcess implements InteropBroker {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly #folder = tempFolder('broker');
  readonly #prepare: Prepare;
  #child: ChildProcess | undefined;

  constructor(name: string, port: number, prepare: Prepare) {
    this.name = `${name}:${port}`;
    this.url = `mqtt://127.0.0.1:${port}`;
    this.port = port;
    this.#prepare = prepare;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  log(): string {
    return readFileSync(this.#output, 'utf8');
  }

  async start(): Promise<void> {
    if (this.#child !== undefined) throw new Error(`${this.name} runs already`);
    mkdirSync(this.#data, { recursive: true });
    const command = await this.#prepare({ port: this.port, folder: this.#folder, data: this.#data });
    const child = this.#spawn(command);
    this.#child = child;
    await once(child, 'spawn');
    const deadline = performance.now() + startLimitMs;
    while (this.#child === child && performance.now() < deadline) {
      if (await acceptsMqtt(this.port)) return;
      await wait(pollMs);
    }
    await this.kill();
    throw new Error(`${this.name} did not start:\n${this.log().slice(-shownCharacters)}`);
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  wipe(): void {
    if (this.#child !== undefined) throw new Error(`${this.name} must be stopped to be wiped`);
    rmSync(this.#data, { recursive: true, force: true });
  }

  #spawn({ program, args, env = {} }: Command): ChildProcess {
    const output = openSync(this.#output, 'a');
    const child = spawn(program, args, {
      cwd: this.#folder,
      env: {
        PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`,
        HOME: this.#folder,
        LANG: 'C.UTF-8',
        ...env,
      },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    killAtExit(child);
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    // A broker that a failed test has left behind must not keep mocha from ending.
    child.unref();
    return child;
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.ref();
    child.kill(signal);
    const limit = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
    await exited;
    clearTimeout(limit);
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  get #output(): string {
    return join(this.#folder, 'output');
  }
}
