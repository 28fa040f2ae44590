/** A person pauses the replication of one broker, and resumes it. A pause ends with the process at the latest. */

import type { Log } from '../protocol/messages.ts';
import type { ActorLauncher } from './actor-launcher.ts';
import type { BrokerSlot } from './broker-slot.ts';

export interface PausingDeps {
  readonly isRunning: () => boolean;
  readonly brokers: ReadonlyMap<string, BrokerSlot>;
  readonly launcher: Pick<ActorLauncher, 'launch' | 'detach'>;
  readonly log: Log;
}

export class Pausing {
  readonly #deps: PausingDeps;

  constructor(deps: PausingDeps) {
    this.#deps = deps;
  }

  /** As `Replicator.pause`. */
  async pause(name: string): Promise<boolean> {
    const slot = this.#slot(name);
    if (slot === undefined) return false;
    if (slot.isPaused) return true;
    this.#deps.log(
      'info',
      `${name}: paused; mqttrep disconnects, and replicates nothing there until somebody resumes it`,
    );
    await slot.pause();
    // A person may have resumed it meanwhile.
    if (slot.isPaused) this.#deps.launcher.detach(slot);
    return true;
  }

  /** As `Replicator.resume`. */
  resume(name: string): boolean {
    const slot = this.#slot(name);
    if (slot === undefined) return false;
    if (!slot.isPaused) return true;
    this.#deps.log('info', `${name}: resumed; mqttrep connects, and compares what was written meanwhile`);
    this.#deps.launcher.launch(slot);
    return true;
  }

  /** Undefined if there is no such broker, or nothing runs. */
  #slot(name: string): BrokerSlot | undefined {
    return this.#deps.isRunning() ? this.#deps.brokers.get(name) : undefined;
  }
}
