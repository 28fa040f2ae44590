/**
 * Messages that are not taken in, counted by reason; and said in the log, with the mend, at the first of a
 * kind and then from time to time.
 */

import { LogThrottle } from '../../core/log-throttle.ts';
import { quoted } from '../../core/printable.ts';

/** The reason, as the counter's name, and what there is to be said of it; quiet where it is in order. */
export interface Refusal {
  readonly counter: string;
  readonly summary?: string;
}

export class Refusals {
  readonly counters: Record<string, number>;
  readonly #log: (message: string) => void;
  readonly #throttle = new LogThrottle<string>();

  /** @param counters where they are counted */
  constructor(counters: Record<string, number>, log: (message: string) => void) {
    this.counters = counters;
    this.#log = log;
  }

  count(topic: string, { counter, summary }: Refusal, now: number): void {
    const count = (this.counters[counter] ?? 0) + 1;
    this.counters[counter] = count;
    if (summary === undefined || !this.#throttle.isDue(counter, now)) return;
    const others = count > 1 ? `; ${count} such messages so far` : '';
    this.#log(`${quoted(topic)} is not replicated: ${summary}${others}`);
  }
}
