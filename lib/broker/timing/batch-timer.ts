/**
 * When to hand on what has been gathered. Each message through a port and each write to a socket has a cost
 * of its own, however little is in it. So where it has been quiet it is done at the end of the turn of the
 * event loop, and a single message waits for nothing; under load once an interval, shortly before the time
 * at which the reconciler samples, which lies on the same grid.
 */

/** Milliseconds of the shortest interval that saves anything worth the wait. */
export const SHORTEST_INTERVAL = 5;

/** What is handed on is to be there at the end of the interval: it leaves earlier by this part of it. */
const LEAD = 0.1;

export class BatchTimer {
  /** Milliseconds. */
  interval: number;
  readonly #run: () => void;
  #last = Number.NEGATIVE_INFINITY;
  #turn: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param run hands on what has been gathered */
  constructor(run: () => void, interval = SHORTEST_INTERVAL) {
    this.#run = run;
    this.interval = interval;
  }

  /** There is something to be handed on. */
  request(): void {
    if (this.#turn !== undefined || this.#timer !== undefined) return;
    const now = Date.now();
    if (Math.abs(now - this.#last) >= this.interval) this.#turn = setImmediate(() => this.now());
    else this.#timer = setTimeout(() => this.now(), this.#rest(now));
  }

  /** Hands it on without delay. */
  now(): void {
    this.cancel();
    this.#last = Date.now();
    this.#run();
  }

  /** Takes the request back. */
  cancel(): void {
    clearImmediate(this.#turn);
    clearTimeout(this.#timer);
    this.#turn = undefined;
    this.#timer = undefined;
  }

  /** Milliseconds until it is time; who comes too late for this interval need not wait for the whole next one. */
  #rest(now: number): number {
    const rest = this.interval * (1 - LEAD) - (now % this.interval);
    return rest > 0 ? rest : SHORTEST_INTERVAL;
  }
}
