/**
 * Simulated time, and the clocks of machines, which may be wrong.
 *
 * There is one true time, by which timers run. `Date.now` returns the time of the machine on which the calling code runs. Timers
 * that a machine starts run on that machine too.
 *
 * A machine may be suspended for a while. Then its timers fire late, and messages to it wait. When it resumes, timers come first,
 * as in the event loop of Node.js.
 */

import sinon from 'sinon';

/** A machine's clock. It may be set at any time, as by NTP or an administrator. */
export interface Machine {
  /** Milliseconds by which it is ahead of the true time; negative if it is behind. */
  ahead: number;
}

/** The machine of clients, brokers and the network, which do not use the time. */
export const NOWHERE: Machine = { ahead: 0 };

type Callback = (...args: unknown[]) => void;

/** An action that a suspended machine does when it resumes. */
interface Late {
  readonly action: () => void;
  /** The handle of a timer, by which it can be cleared. */
  readonly timer?: unknown;
}

export class SimClock {
  readonly #timers: sinon.SinonFakeTimers;
  readonly #now: () => number;
  #machine = NOWHERE;
  readonly #suspended = new Map<Machine, Late[]>();
  /** Late timers that are firing now, one after the other. */
  #resuming: Late[] = [];

  constructor(start: number) {
    // The default sandbox would keep every clock that it ever made.
    const timers = sinon.createSandbox().useFakeTimers({
      now: start,
      toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
    this.#timers = timers;
    this.#now = Date.now;
    Date.now = () => timers.now + this.#machine.ahead;
    for (const name of ['setTimeout', 'setInterval'] as const) {
      const plain = timers[name] as (callback: Callback, ...rest: unknown[]) => unknown;
      Object.assign(timers, {
        [name]: (callback: Callback, ...rest: unknown[]) => this.#start(plain, callback, rest),
      });
    }
    for (const name of ['clearTimeout', 'clearInterval'] as const) {
      const plain = timers[name] as (timer: unknown) => void;
      Object.assign(timers, { [name]: (timer: unknown) => this.#clear(plain, timer) });
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

  /** Runs an action on a machine: at once, or when the machine resumes. */
  deliver(machine: Machine, action: () => void): void {
    const late = this.#suspended.get(machine);
    if (late === undefined) this.on(machine, action);
    else late.push({ action });
  }

  /** Suspends the machine for so many milliseconds. A machine that is suspended already resumes as planned. */
  suspend(machine: Machine, milliseconds: number): void {
    if (this.#suspended.has(machine)) return;
    const late: Late[] = [];
    this.#suspended.set(machine, late);
    this.on(NOWHERE, () =>
      setTimeout(() => {
        if (this.#suspended.get(machine) === late) this.resume(machine);
      }, milliseconds),
    );
  }

  /** Resumes the machine if it is suspended: it does what waited meanwhile. */
  resume(machine: Machine): void {
    const late = this.#suspended.get(machine) ?? [];
    const messages = late.filter(({ timer }) => timer === undefined);
    this.#suspended.delete(machine);
    // A late timer may clear another one.
    this.#resuming = late.filter(({ timer }) => timer !== undefined);
    for (let next = this.#resuming.shift(); next !== undefined; next = this.#resuming.shift())
      this.on(machine, next.action);
    for (const { action } of messages) this.on(machine, action);
  }

  /** The process on the machine was killed, so what waited is lost. */
  forget(machine: Machine): void {
    this.#suspended.delete(machine);
  }

  restore(): void {
    Date.now = this.#now;
    this.#timers.restore();
  }

  #start(
    plain: (callback: Callback, ...rest: unknown[]) => unknown,
    callback: Callback,
    rest: unknown[],
  ): unknown {
    const machine = this.#machine;
    const run = (args: unknown[]) => this.on(machine, () => callback(...args));
    const timer: unknown = plain.call(
      this.#timers,
      (...args: unknown[]) => {
        const late = this.#suspended.get(machine);
        if (late === undefined) run(args);
        // An interval that elapsed several times fires once.
        else if (!late.some(one => one.timer === timer)) late.push({ timer, action: () => run(args) });
      },
      ...rest,
    );
    return timer;
  }

  #clear(plain: (timer: unknown) => void, timer: unknown): void {
    plain.call(this.#timers, timer);
    for (const late of this.#suspended.values()) removeTimer(late, timer);
    removeTimer(this.#resuming, timer);
  }
}

function removeTimer(late: Late[], timer: unknown): void {
  if (late.length === 0 || timer === undefined) return;
  const index = late.findIndex(one => one.timer === timer);
  if (index >= 0) late.splice(index, 1);
}
