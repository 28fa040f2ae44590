/**
 * Decides when a batch is handed on. Each message through a port and each write to a socket has a fixed cost, however
 * small it is. After a pause the batch leaves at the end of the turn of the event loop, so a single message does not wait.
 * Under load a batch leaves once an interval, shortly before the reconciler samples: both use the same time grid.
 */

/** The shortest interval, in milliseconds, that saves more than it costs in waiting. */
export const SHORTEST_INTERVAL_MS = 5;

/** Longest time that a message waits in a batch: it is dated when the batch arrives. */
const LONGEST_INTERVAL_MS = 100;

/** The batch must have arrived at the end of the interval, so it leaves earlier by this part of the interval. */
const LEAD_SHARE = 0.1;

/** The longest interval, in milliseconds, of which a whole number makes a sampling period. */
export function samplingInterval(period: number): number {
  return Math.max(SHORTEST_INTERVAL_MS, period / Math.ceil(period / LONGEST_INTERVAL_MS));
}

export class BatchTimer {
  /** Milliseconds. */
  interval: number;
  readonly #run: () => void;
  #last = Number.NEGATIVE_INFINITY;
  #turn: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param run hands the batch on */
  constructor(run: () => void, interval = SHORTEST_INTERVAL_MS) {
    this.#run = run;
    this.interval = interval;
  }

  /** The batch is not empty: it has to leave in time. */
  request(): void {
    if (this.isRequested) return;
    const now = Date.now();
    if (Math.abs(now - this.#last) >= this.interval) this.#turn = setImmediate(() => this.now());
    else this.#timer = setTimeout(() => this.now(), this.#delay(now));
  }

  /** Hands the batch on without delay. */
  now(): void {
    this.cancel();
    this.#last = Date.now();
    this.#run();
  }

  /** The batch is not empty, and waits for its time. */
  get isRequested(): boolean {
    return this.#turn !== undefined || this.#timer !== undefined;
  }

  /** Withdraws the request. */
  cancel(): void {
    clearImmediate(this.#turn);
    clearTimeout(this.#timer);
    this.#turn = undefined;
    this.#timer = undefined;
  }

  /** Milliseconds until the batch leaves. A request too late for this interval does not wait for the whole next one. */
  #delay(now: number): number {
    const left = this.interval * (1 - LEAD_SHARE) - (now % this.interval);
    return left > 0 ? left : SHORTEST_INTERVAL_MS;
  }
}
