/**
 * Notices that the process did not run for a while: it was stopped (SIGSTOP), its machine or container was suspended, or it
 * got no processor time.
 *
 * Messages that wait in mqttrep, or in its sockets, are old then. A command that is 75 s old must not be executed. So each
 * event that may be the first one after a suspension checks here how long nothing ran.
 *
 * Two clocks are read. The monotonic clock may stand still while a machine is suspended; the wall clock may be set. A wall clock
 * that is set ahead looks like a suspension, and costs a new connection.
 */

const BEAT_MS = 1_000;

/** A beat that is later than this was held up from outside. */
const LATE_MS = 5_000;

/** If the process computed for more than this share of the time without a beat, it was busy with its own work. */
const BUSY_SHARE = 0.5;

/** Each in milliseconds. */
export interface Clocks {
  readonly wall: () => number;
  readonly monotonic: () => number;
  /** Processor time of this process, of all threads together. */
  readonly processor: () => number;
}

const CLOCKS: Clocks = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  processor: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

export class SuspensionWatch {
  readonly #clocks: Clocks;
  readonly #late: (milliseconds: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #wall: number;
  #monotonic: number;
  #processor: number;

  /** @param late called once for each suspension, with its milliseconds */
  constructor(late: (milliseconds: number) => void, clocks: Clocks = CLOCKS) {
    this.#late = late;
    this.#clocks = clocks;
    this.#wall = clocks.wall();
    this.#monotonic = clocks.monotonic();
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

  /** To be called with each event that may be the first one after a suspension. Returns whether it is the first one. */
  check(): boolean {
    const { wall, monotonic, processor } = this.#clocks;
    const lateMs = Math.max(wall() - this.#wall, monotonic() - this.#monotonic) - BEAT_MS;
    if (lateMs < LATE_MS) return false;
    const isBusy = processor() - this.#processor > lateMs * BUSY_SHARE;
    this.#beat();
    if (!isBusy) this.#late(lateMs);
    return !isBusy;
  }

  #beat(): void {
    this.#wall = this.#clocks.wall();
    this.#monotonic = this.#clocks.monotonic();
    this.#processor = this.#clocks.processor();
  }
}
