/**
 * The marker: a number that we leave retained at a broker, to tell at its return whether it still has what it
 * had when we parted.
 *
 * The number is that of the last commit: what was seen to be stored at the broker by then, was stored there
 * before the marker. A broker that comes back with the marker as recorded has all of that; one without it
 * came back empty; one with a lower number went back in time (mosquitto, killed between two autosaves, does).
 */

import type { Base } from '../core/events.ts';

export class Marker {
  /** The highest number that the broker is known to have stored. */
  #recorded: number | undefined;
  #underWay: number | undefined;

  constructor(recorded: number | undefined) {
    this.#recorded = recorded;
  }

  get recorded(): number | undefined {
    return this.#recorded;
  }

  /**
   * Whether the marker is to be written, now that this was the last commit. It need not be this broker at
   * which something changed: a higher marker does no harm, and all brokers' are due at the same times.
   */
  isDue(commit: number): boolean {
    return this.#underWay === undefined && this.#recorded !== commit;
  }

  write(commit: number): void {
    this.#underWay = commit;
  }

  acknowledged(): void {
    this.#recorded = this.#underWay ?? this.#recorded;
    this.#underWay = undefined;
  }

  /** The connection is gone; what was under way may or may not have arrived. */
  parted(): void {
    this.#underWay = undefined;
  }

  /**
   * The broker is connected again, and showed this marker. Without a marker that we may rely on nothing is
   * taken for deleted.
   */
  returned(found: number | 'absent' | 'unknown'): Base {
    const recorded = this.#recorded;
    this.#recorded = typeof found === 'number' ? found : undefined;
    if (recorded === undefined || typeof found !== 'number') return 'lost';
    return found < recorded ? 'went back' : 'as left';
  }
}
