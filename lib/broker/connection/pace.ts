/**
 * Keeps what mqttrep publishes to one broker, over all of its connections, within the configured rate. State and events ask before
 * each publish, and take turns. A control topic does not wait: it is counted, and what follows waits longer.
 */

import { EvenRate, type RateLimits } from '../../core/even-rate.ts';

/** So in any second at most 102 % of the rate and one message go out, beside control topics. */
const BURST_MS = 20;

/** Timers of Node.js have no shorter period. */
const SHORTEST_WAIT_MS = 1;

export interface PaceClock {
  readonly now: () => number;
  /** Calls back after these milliseconds, or somewhat later. Returns a function that prevents it. */
  readonly after: (milliseconds: number, callback: () => void) => () => void;
}

const CLOCK: PaceClock = {
  now: () => performance.now(),
  after: (milliseconds, callback) => {
    // The process must not end while something waits for its turn.
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

export class Pace {
  readonly limits: RateLimits;
  readonly #rate: EvenRate;
  readonly #clock: PaceClock;
  /** The callbacks of those that wait, in the order of their turns. */
  readonly #waiting = new Set<() => void>();
  /** The one whose turn it is. */
  #called: (() => void) | undefined;
  /** Prevents the next turns; undefined where none are due. */
  #disarm: (() => void) | undefined;
  #waitedMs = 0;
  #waitsSince: number | undefined;

  constructor(limits: RateLimits, clock: PaceClock = CLOCK) {
    this.limits = limits;
    this.#rate = new EvenRate(limits, BURST_MS);
    this.#clock = clock;
  }

  /** Whether one publish may go out now. If not, `again` is called when it is its turn to ask again. */
  mayPublish(again: () => void): boolean {
    const isItsTurn = this.#waiting.size === 0 || this.#called === again;
    if (isItsTurn && this.#wait <= 0) return true;
    this.#waitsSince ??= this.#clock.now();
    this.#waiting.add(again);
    this.#arm();
    return false;
  }

  /** Resolves when one publish may go out. It has to follow before another one asks. */
  turn(): Promise<void> {
    return new Promise(resolve => {
      const ask = () => {
        if (this.mayPublish(ask)) resolve();
      };
      ask();
    });
  }

  /** From now on `again` is not called. */
  forget(again: () => void): void {
    this.#waiting.delete(again);
    this.#endWait();
  }

  /** A packet of this size was published. */
  published(bytes: number): void {
    this.#rate.published(bytes, this.#clock.now());
    this.#called = undefined;
  }

  /** Seconds in which something waited for the rate. */
  get waitedSeconds(): number {
    const current = this.#waitsSince === undefined ? 0 : this.#clock.now() - this.#waitsSince;
    return (this.#waitedMs + current) / 1_000;
  }

  get #wait(): number {
    return this.#rate.wait(this.#clock.now());
  }

  #arm(): void {
    if (this.#disarm !== undefined || this.#waiting.size === 0) return;
    this.#disarm = this.#clock.after(Math.max(SHORTEST_WAIT_MS, this.#wait), () => {
      this.#disarm = undefined;
      this.#giveTurns();
      this.#arm();
    });
  }

  /** Each of those that wait has one turn, for as long as the rate permits a publish. */
  #giveTurns(): void {
    for (const again of [...this.#waiting]) {
      if (this.#wait > 0) return;
      this.#waiting.delete(again);
      this.#called = again;
      again();
      this.#called = undefined;
    }
    this.#endWait();
  }

  #endWait(): void {
    if (this.#waiting.size > 0) return;
    this.#disarm?.();
    this.#disarm = undefined;
    if (this.#waitsSince === undefined) return;
    this.#waitedMs += this.#clock.now() - this.#waitsSince;
    this.#waitsSince = undefined;
  }
}
