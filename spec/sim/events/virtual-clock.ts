/** Simulated time for the event actor: it stands still until the world lets it pass, and timers fire in their order. */

import TinyQueue from 'tinyqueue';
import type { EventClock } from '../../../lib/events/event-clock.ts';

interface Timer {
  readonly at: number;
  readonly number: number;
  action: (() => void) | undefined;
}

export class VirtualClock implements EventClock {
  #now = 1_700_000_000_000;
  readonly #start = this.#now;
  #number = 0;
  readonly #timers = new TinyQueue<Timer>([], (a, b) => a.at - b.at || a.number - b.number);

  now(): number {
    return this.#now;
  }

  uptime(): number {
    return this.#now - this.#start;
  }

  after(milliseconds: number, action: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, milliseconds), number: this.#number++, action };
    this.#timers.push(timer);
    return () => {
      timer.action = undefined;
    };
  }

  /** Lets so many milliseconds pass; after each timer, all promises that it settled are followed. */
  async run(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settled();
    for (let next = this.#timers.peek(); next !== undefined && next.at <= end; next = this.#timers.peek()) {
      this.#timers.pop();
      if (next.action === undefined) continue;
      this.#now = next.at;
      next.action();
      await settled();
    }
    this.#now = end;
  }
}

function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
