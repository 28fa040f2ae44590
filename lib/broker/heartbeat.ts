/**
 * Notices that the process did not run for a while: it was stopped (SIGSTOP), its machine or container was suspended, or
 * it got no time on the processor.
 *
 * What waits to be passed on then is old, and so is what the sockets bring first. A command that is 75 s old must not be
 * executed. So whoever is woken by an event asks here first how long nothing ran.
 *
 * Two clocks are read: the steady one (CLOCK_MONOTONIC) may stand still while a machine is suspended, and the wall clock
 * may be set. A wall clock that is set ahead looks like a suspension, and costs a new connection.
 */

/** Milliseconds between two beats. */
const BEAT_MS = 1_000;

/** A beat that is late by so many milliseconds was held up from outside. */
const LATE_MS = 5_000;

/** Of the time without a beat, in which the process computed: more than that, and it was busy with itself. */
const BUSY_SHARE = 0.5;

/** Each in milliseconds. */
export interface Clocks {
  readonly wall: () => number;
  readonly steady: () => number;
  /** Time on the processor that this process has used, all threads together. */
  readonly processor: () => number;
}

const CLOCKS: Clocks = {
  wall: () => Date.now(),
  steady: () => performance.now(),
  processor: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

export class Heartbeat {
  readonly #clocks: Clocks;
  readonly #late: (milliseconds: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #wall: number;
  #steady: number;
  #processor: number;

  /** @param late told how long nothing ran, once for each time */
  constructor(late: (milliseconds: number) => void, clocks: Clocks = CLOCKS) {
    this.#late = late;
    this.#clocks = clocks;
    this.#wall = clocks.wall();
    this.#steady = clocks.steady();
    this.#processor = clocks.processor();
  }

  start(): void {
    this.#beat();
    this.#timer ??= setInterval(() => {
      this.check();
      this.#beat();
    }, BEAT_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** To be called with each event that may be the first one after a suspension. Returns whether it is. */
  check(): boolean {
    const { wall, steady, processor } = this.#clocks;
    const without = Math.max(wall() - this.#wall, steady() - this.#steady) - BEAT_MS;
    if (without < LATE_MS) return false;
    const isBusy = processor() - this.#processor > without * BUSY_SHARE;
    this.#beat();
    if (!isBusy) this.#late(without);
    return !isBusy;
  }

  #beat(): void {
    this.#wall = this.#clocks.wall();
    this.#steady = this.#clocks.steady();
    this.#processor = this.#clocks.processor();
  }
}
