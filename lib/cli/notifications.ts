/**
 * Sends the state to the service manager: READY=1, RELOADING=1, STOPPING=1, and WATCHDOG=1 as long as every actor answers.
 *
 * The service manager expects datagrams, which Node.js cannot send to a Unix socket. `systemd-notify`, a part of systemd,
 * sends them.
 */

import { execFile } from 'node:child_process';
import type { ServiceManager } from '../config/service-manager.ts';
import type { Log } from '../protocol/messages.ts';

const SEND_TIMEOUT_MS = 5_000;

/** The service manager expects one sign of life within its timeout; mqttrep sends this many. */
const SIGNS_PER_TIMEOUT = 3;

export interface NotificationDeps {
  readonly manager: ServiceManager;
  /** Whether every actor answers within this time, in milliseconds. */
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

  /** Everything is started. From now on the watchdog receives signs of life. */
  ready(): void {
    this.#send('READY=1');
    this.#expectWatchdog();
  }

  /** A reload begins; `reloaded` ends it. */
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

  /** Resolves when all messages are sent. */
  async close(): Promise<void> {
    clearTimeout(this.#watchdog);
    await this.#last;
  }

  #expectWatchdog(): void {
    const { watchdog } = this.#deps.manager;
    if (watchdog === undefined) return;
    const period = watchdog / SIGNS_PER_TIMEOUT;
    this.#watchdog = setTimeout(() => {
      this.#feedWatchdog(period).catch((error: Error) => this.#deps.log('error', error.message));
    }, period);
  }

  /** If an actor does not answer, the watchdog receives nothing, so that the service manager restarts mqttrep. */
  async #feedWatchdog(period: number): Promise<void> {
    if (await this.#deps.isAlive(period)) this.#send('WATCHDOG=1');
    else
      this.#deps.log(
        'warn',
        'an actor does not answer; the watchdog receives no sign of life, so the service manager may restart mqttrep',
      );
    if (this.#watchdog !== undefined) this.#expectWatchdog();
  }

  /** Sends one message after the other, since their order matters. */
  #send(...variables: string[]): void {
    this.#last = this.#last.then(() => this.#tell(variables));
  }

  #tell(variables: readonly string[]): Promise<void> {
    return new Promise(resolve => {
      execFile('systemd-notify', variables, { timeout: SEND_TIMEOUT_MS }, error => {
        if (error !== null) this.#failed(error);
        resolve();
      });
    });
  }

  #failed(error: Error): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing ? 'systemd-notify is not installed' : error.message.trim();
    this.#deps.log('warn', `cannot send the state to the service manager: ${reason}; mqttrep goes on`);
  }
}
