/**
 * Messages that are not replicated, counted by reason. The first of each reason is logged, with how to fix it; later ones are
 * logged from time to time.
 */

import { LogThrottle } from '../../core/log-throttle.ts';
import { quoted } from '../../core/printable.ts';

/** The reason, as the name of a counter, and its words for the log; without words it is in order, and not logged. */
export interface Refusal {
  readonly counter: string;
  readonly summary?: string;
}

/** Not faults: they are only counted. */
export const CONTROL_TOPIC: Refusal = { counter: 'ignored_control_topic' };
export const EVENT_TOPIC: Refusal = { counter: 'ignored_event_topic' };
export const SUSPENDED: Refusal = { counter: 'dropped_after_suspension' };
export const LATE_REPLAY: Refusal = { counter: 'ignored_late_replay' };

export class Refusals {
  readonly counters: Record<string, number>;
  readonly #log: (message: string) => void;
  readonly #throttle = new LogThrottle<string>();

  /** @param counters where the messages are counted */
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
