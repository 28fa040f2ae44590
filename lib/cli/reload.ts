/**
 * SIGHUP: mqttrep reads the configuration again and applies what changed. It refuses a configuration with errors as a
 * whole, and keeps the old one.
 */

import { changesBetween } from '../config/changes.ts';
import type { Config } from '../config/config.ts';
import type { ReadVariables } from '../config/route-of.ts';
import type { Log } from '../protocol/messages.ts';
import { describe, type Loaded } from './load-config.ts';

export interface ReloadDeps {
  /** The configuration at the start. */
  readonly config: Config;
  readonly load: () => Loaded;
  /** @throws if it is impossible; then nothing has changed */
  readonly apply: (config: Config, read: ReadVariables) => Promise<void>;
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

  /** Reads and applies. Calls during a reload cause one more reload afterwards. Never rejects. */
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
    const loaded = load();
    const { config: wanted, errors, warnings } = loaded;
    for (const warning of warnings) log('warn', describe(warning));
    if (wanted === undefined) {
      for (const error of errors) log('error', describe(error));
      log('error', 'the new configuration has errors; mqttrep keeps the old one');
      return;
    }
    const { config, applied, left } = changesBetween(this.#config, wanted);
    for (const line of applied) log('info', line);
    for (const line of left) log('warn', line);
    try {
      if (applied.length > 0) await apply(config, loaded);
    } catch (error) {
      log('error', `${(error as Error).message}; mqttrep keeps the old configuration`);
      return;
    }
    this.#config = config;
    log(
      'info',
      applied.length === 0
        ? 'nothing to apply: the configuration in force stays the same'
        : 'the new configuration is in force',
    );
  }
}
