/**
 * A broker that is a process of its own: started on a port of loopback, with its data in a folder of its own
 * that outlives a restart, until `wipe`.
 */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { acceptsMqtt, type ProtocolLevel } from '../../support/accepts-mqtt.ts';
import { freePort } from '../../support/free-port.ts';
import { ServerProcess } from '../../support/server-process.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import type { InteropBroker } from './make.ts';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Beside PATH, HOME and the locale. */
  readonly env?: Readonly<Record<string, string>>;
  /** The protocol level by which it is asked whether it is up; MQTT 3.1.1 unless given. */
  readonly askedBy?: ProtocolLevel;
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
  readonly #data = join(this.#folder, 'data');
  readonly #prepare: Prepare;
  readonly #process: ServerProcess;

  constructor(name: string, port: number, prepare: Prepare) {
    this.name = `${name}:${port}`;
    this.url = `mqtt://127.0.0.1:${port}`;
    this.port = port;
    this.#prepare = prepare;
    const output = join(this.#folder, 'output');
    this.#process = new ServerProcess({ name: this.name, output, startLimitMs, stopLimitMs, pollMs });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  log(): string {
    return this.#process.output;
  }

  async start(): Promise<void> {
    this.#process.assertStopped('runs already');
    mkdirSync(this.#data, { recursive: true });
    const prepared = await this.#prepare({ port: this.port, folder: this.#folder, data: this.#data });
    const { program, args, env = {}, askedBy } = prepared;
    const command = { program, args, cwd: this.#folder, env: { ...this.#environment, ...env } };
    if (await this.#process.start(command, () => acceptsMqtt(this.port, askedBy))) return;
    throw new Error(`${this.name} did not start:\n${this.log().slice(-shownCharacters)}`);
  }

  stop(): Promise<void> {
    return this.#process.end('SIGTERM');
  }

  kill(): Promise<void> {
    return this.#process.end('SIGKILL');
  }

  wipe(): void {
    this.#process.assertStopped('must be stopped to be wiped');
    rmSync(this.#data, { recursive: true, force: true });
  }

  get #environment(): Readonly<Record<string, string>> {
    const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`;
    return { PATH: path, HOME: this.#folder, LANG: 'C.UTF-8' };
  }
}
