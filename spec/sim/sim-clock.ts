/**
 * Simulated time, and the clocks of machines that show it wrongly.
 *
 * There is one time, by which timers run. What `Date.now` says depends on the machine on which the code runs
 * that asks: whatever a machine starts (timers, and what they start) runs on that machine as well.
 *
 * A machine may stand still for a while, as one that is suspended does. Then its timers fire late and what it is sent
 * waits; when it goes on, timers come first, as in the event loop of Node.js.
 */

import sinon from 'sinon';

/** A machine's clock; it may be set anew at any time, as NTP or an administrator does. */
export interface Machine {
  /** Milliseconds by which it is ahead of the time; negative: behind. */
  ahead: number;
}

/** Clients, brokers and the network: none of them asks for the time. */
export const NOWHERE: Machine = { ahead: 0 };

type Callback = (...args: unknown[]) => void;

/** What a machine that stands still has to do when it goes on. */
interface Late {
  readonly action: () => void;
  /** Of a timer, that which can be cleared. */
  readonly timer?: unknown;
}

export class SimClock {
  readonly #timers: sinon.SinonFakeTimers;
  readonly #now: () => number;
  #machine = NOWHERE;
  readonly #suspended = new Map<Machine, Late[]>();
  /** Late timers that fire right now, one after the other. */
  #resuming: Late[] = [];

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

  /** Has a machine act on what it is sent: at once, unless it stands still. */
  deliver(machine: Machine, action: () => void): void {
    const late = this.#suspended.get(machine);
    if (late === undefined) this.on(machine, action);
    else late.push({ action });
  }

  /** The machine stands still for so many milliseconds. One that does already goes on as it would have. */
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

  /** The machine goes on, if it stands still, and does what it was to do meanwhile. */
  resume(machine: Machine): void {
    const late = this.#suspended.get(machine) ?? [];
    const messages = late.filter(({ timer }) => timer === undefined);
    this.#suspended.delete(machine);
    // One of them may clear another.
    this.#resuming = late.filter(({ timer }) => timer !== undefined);
    for (let next = this.#resuming.shift(); next !== undefined; next = this.#resuming.shift())
      this.on(machine, next.action);
    for (const { action } of messages) this.on(machine, action);
  }

  /** What the machine was to do is lost: what ran there was killed. */
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
        // Of an interval that passed several times it is done once.
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
