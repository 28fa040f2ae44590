/**
 * When fences go out: one when the state must be resolved, again if it does not come back, and one a second while echoes are
 * expected. Without fences, time has to do.
 */

import type { EventClock } from './event-clock.ts';
import { Fences } from './fences.ts';

const FENCE_INTERVAL_MS = 1_000;
const FENCE_RETRY_MS = 5_000;
/** A fence that did not come back after this time will not come. */
const RESOLVE_TIMEOUT_MS = 30_000;

export interface FenceHooks {
  readonly send: (nonce: number) => void;
  /** The last event that was published on this connection. */
  readonly boundary: () => number;
  readonly isWanted: () => boolean;
  readonly timedOut: () => void;
  /** No fence is possible, and these publishes are older than RESOLVE_TIMEOUT_MS. */
  readonly aged: (boundary: number) => void;
}

export class FenceTimer {
  readonly #clock: EventClock;
  readonly #hooks: FenceHooks;
  readonly #fences: Fences;
  #cancel: (() => void) | undefined;

  constructor(clock: EventClock, firstNonce: number, hooks: FenceHooks) {
    this.#clock = clock;
    this.#hooks = hooks;
    this.#fences = new Fences(firstNonce);
  }

  returned(nonce: number): number | undefined {
    return this.#fences.returned(nonce);
  }

  /** Sends a fence, until one comes back or the time is over. */
  resolve(): void {
    const deadline = this.#clock.uptime() + RESOLVE_TIMEOUT_MS;
    const again = () => {
      if (this.#clock.uptime() >= deadline) this.#hooks.timedOut();
      else {
        this.#send();
        this.#wait(FENCE_RETRY_MS, again);
      }
    };
    again();
  }

  /** Sends a fence each second while one is wanted. */
  flow(canFence: boolean): void {
    // A fence from before tells nothing of what is published from now on, and may be published again.
    this.#fences.clear();
    const passed: { readonly at: number; readonly boundary: number }[] = [];
    const tick = () => {
      if (canFence) {
        if (this.#hooks.isWanted()) this.#send();
      } else {
        const now = this.#clock.uptime();
        passed.push({ at: now, boundary: this.#hooks.boundary() });
        for (
          let first = passed[0];
          first !== undefined && now - first.at >= RESOLVE_TIMEOUT_MS;
          first = passed[0]
        ) {
          passed.shift();
          this.#hooks.aged(first.boundary);
        }
      }
      this.#wait(FENCE_INTERVAL_MS, tick);
    };
    this.#wait(FENCE_INTERVAL_MS, tick);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#fences.clear();
  }

  #send(): void {
    this.#hooks.send(this.#fences.next(this.#hooks.boundary()));
  }

  #wait(milliseconds: number, action: () => void): void {
    this.#cancel?.();
    this.#cancel = this.#clock.after(milliseconds, action);
  }
}
