/**
 * Messages that are not taken in, counted by reason; and said in the log, with the mend, at the first of a
 * kind and then from time to time.
 */

import { NowAndThen } from '../../core/now-and-then.ts';
import { quoted } from '../../core/printable.ts';

/** The reason, as the counter's name, and what there is to be said of it; quiet where it is in order. */
export interface Refusal {
  readonly counter: string;
  readonly said?: string;
}

export class Refusals {
  readonly counters: Record<string, number>;
  readonly #log: (message: string) => void;
  readonly #nowAndThen = new NowAndThen<string>();

  /** @param counters where they are counted */
  constructor(counters: Record<string, number>, log: (message: string) => void) {
    this.counters = counters;
    this.#log = log;
  }

  count(topic: string, { counter, said }: Refusal, now: number): void {
    const count = (this.counters[counter] ?? 0) + 1;
    this.counters[counter] = count;
    if (said === undefined || !this.#nowAndThen.isDue(counter, now)) return;
    const others = count > 1 ? `; ${count} such messages so far` : '';
    this.#log(`${quoted(topic)} is not replicated: ${said}${others}`);
  }
}
