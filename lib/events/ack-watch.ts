/** A broker that does not acknowledge for ACK_TIMEOUT_MS, though something is in flight, loses its connection. */

import type { EventClock } from './event-clock.ts';

const ACK_TIMEOUT_MS = 60_000;
const CHECK_INTERVAL_MS = 5_000;

export class AckWatch {
  readonly #clock: EventClock;
  readonly #inFlight: () => number;
  readonly #disconnect: (reason: string) => void;
  #heardAt = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: EventClock, inFlight: () => number, disconnect: (reason: string) => void) {
    this.#clock = clock;
    this.#inFlight = inFlight;
    this.#disconnect = disconnect;
  }

  start(): void {
    this.stop();
    this.heard();
    this.#check();
  }

  /** Something was acknowledged. */
  heard(): void {
    this.#heardAt = this.#clock.uptime();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #check(): void {
    this.#cancel = this.#clock.after(CHECK_INTERVAL_MS, () => {
      if (this.#inFlight() === 0) this.heard();
      const silence = this.#clock.uptime() - this.#heardAt;
      if (silence >= ACK_TIMEOUT_MS)
        this.#disconnect(`no event was acknowledged for ${ACK_TIMEOUT_MS / 1_000} s`);
      else this.#check();
    });
  }
}
