/**
 * SIGHUP: the configuration is read again, and what it changes is applied. One with errors is refused whole, and
 * the one that holds goes on.
 */

import { changesBetween } from '../config/changes.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../protocol/messages.ts';
import { describe, type Loaded } from './load-config.ts';

export interface ReloadDeps {
  /** What mqttrep was started with. */
  readonly config: Config;
  readonly load: () => Loaded;
  /** @throws where it is impossible; nothing is changed then */
  readonly apply: (config: Config) => Promise<void>;
  readonly log: Log;
}

export class Reload {
  readonly #deps: ReloadDeps;
  #config: Config;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(deps: ReloadDeps) {
    this.#deps = deps;
    this.#config = deps.config;
  }

  /** Reads and applies. What is asked for meanwhile is one more time, afterwards. Never rejects. */
  run(): Promise<void> {
    this.#again = this.#running !== undefined;
    this.#running ??= this.#repeat();
    return this.#running;
  }

  async #repeat(): Promise<void> {
    do {
      this.#again = false;
      await this.#once();
    } while (this.#again);
    this.#running = undefined;
  }

  async #once(): Promise<void> {
    const { load, apply, log } = this.#deps;
    log('info', 'reading the configuration again');
    const { config: wanted, errors, warnings } = load();
    for (const warning of warnings) log('warn', describe(warning));
    if (wanted === undefined) {
      for (const error of errors) log('error', describe(error));
      log('error', 'the configuration is not taken over; the one before goes on');
      return;
    }
    const { config, applied, left } = changesBetween(this.#config, wanted);
    for (const line of applied) log('info', line);
    for (const line of left) log('warn', line);
    try {
      if (applied.length > 0) await apply(config);
    } catch (error) {
      log('error', `${(error as Error).message}; the configuration before goes on`);
      return;
    }
    this.#config = config;
    log('info', applied.length === 0 ? 'nothing has changed' : 'the new configuration is in force');
  }
}
