/**
 * Tells the service manager how we are: READY=1, RELOADING=1, STOPPING=1, and WATCHDOG=1 as long as every actor
 * answers.
 *
 * Its socket takes datagrams, for which Node.js has no means; `systemd-notify`, which comes with systemd, sends them.
 */

import { execFile } from 'node:child_process';
import type { ServiceManager } from '../config/service-manager.ts';
import type { Log } from '../protocol/messages.ts';

/** Milliseconds that one message may take. */
const SEND_LIMIT = 5_000;

/** It is told this many times within the time in which it wants to hear of us. */
const TIMES = 3;

export interface NotificationDeps {
  readonly manager: ServiceManager;
  /** Whether every actor answers within so many milliseconds. */
  readonly isAlive: (within: number) => Promise<boolean>;
  readonly log: Log;
}

export class Notifications {
  readonly #deps: NotificationDeps;
  #last: Promise<void> = Promise.resolve();
  #watchdog: NodeJS.Timeout | undefined;
  #hasFailed = false;

  constructor(deps: NotificationDeps) {
    this.#deps = deps;
  }

  /** All is started; the watchdog is fed from now on. */
  ready(): void {
    this.#send('READY=1');
    this.#expectWatchdog();
  }

  /** Ends with `reloaded`. */
  reloading(): void {
    this.#send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  reloaded(): void {
    this.#send('READY=1');
  }

  stopping(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = undefined;
    this.#send('STOPPING=1');
  }

  /** Resolves when all is told. */
  async close(): Promise<void> {
    clearTimeout(this.#watchdog);
    await this.#last;
  }

  #expectWatchdog(): void {
    const { watchdog } = this.#deps.manager;
    if (watchdog === undefined) return;
    const period = watchdog / TIMES;
    this.#watchdog = setTimeout(() => {
      this.#feedWatchdog(period).catch((error: Error) => this.#deps.log('error', error.message));
    }, period);
  }

  /** Once an actor does not answer, it is not fed: what hangs does not mend itself. */
  async #feedWatchdog(period: number): Promise<void> {
    if (await this.#deps.isAlive(period)) this.#send('WATCHDOG=1');
    else this.#deps.log('warn', 'an actor does not answer: the watchdog is not told that we are alive');
    if (this.#watchdog !== undefined) this.#expectWatchdog();
  }

  /** One after the other: the order matters. */
  #send(...variables: string[]): void {
    this.#last = this.#last.then(() => this.#tell(variables));
  }

  #tell(variables: readonly string[]): Promise<void> {
    return new Promise(resolve => {
      execFile('systemd-notify', variables, { timeout: SEND_LIMIT }, error => {
        if (error !== null) this.#failed(error);
        resolve();
      });
    });
  }

  #failed(error: Error): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing ? 'there is no systemd-notify' : error.message.trim();
    this.#deps.log('warn', `the service manager cannot be told how we are: ${reason}`);
  }
}
