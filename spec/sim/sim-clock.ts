/**
 * Simulated time, and the clocks of machines that show it wrongly.
 *
 * There is one time, by which timers run. What `Date.now` says depends on the machine on which the code runs
 * that asks: whatever a machine starts (timers, and what they start) runs on that machine as well.
 */

import sinon from 'sinon';

/** A machine's clock; it may be set anew at any time, as NTP or an administrator does. */
export interface Machine {
  /** Milliseconds by which it is ahead of the time; negative: behind. */
  ahead: number;
}

/** Clients, brokers and the network: none of them asks for the time. */
const NOWHERE: Machine = { ahead: 0 };

type Callback = (...args: unknown[]) => void;

export class SimClock {
  readonly #timers: sinon.SinonFakeTimers;
  readonly #now: () => number;
  #machine = NOWHERE;

  constructor(start: number) {
    // A sandbox of its own: the default one remembers every clock it ever made.
    const timers = sinon.createSandbox().useFakeTimers({
      now: start,
      toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
    this.#timers = timers;
    this.#now = Date.now;
    Date.now = () => timers.now + this.#machine.ahead;
    for (const name of ['setTimeout', 'setInterval'] as const) {
      const plain = timers[name] as (callback: Callback, ...rest: unknown[]) => unknown;
      const bound = (callback: Callback, ...rest: unknown[]) =>
        plain.call(timers, this.#boundToMachine(callback), ...rest);
      Object.assign(timers, { [name]: bound });
    }
  }

  /** The true time, in milliseconds since 1970. */
  get now(): number {
    return this.#timers.now;
  }

  /** Lets so many milliseconds pass. */
  run(milliseconds: number): void {
    this.#timers.tick(milliseconds);
  }

  on<T>(machine: Machine, action: () => T): T {
    const before = this.#machine;
    this.#machine = machine;
    try {
      return action();
    } finally {
      this.#machine = before;
    }
  }

  restore(): void {
    Date.now = this.#now;
    this.#timers.restore();
  }

  #boundToMachine(callback: Callback): Callback {
    const machine = this.#machine;
    return (...args) => this.on(machine, () => callback(...args));
  }
}
