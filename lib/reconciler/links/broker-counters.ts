/** Counts of what happened at one broker, for metrics. */

import { Counters } from '../topics/counters.ts';

export class BrokerCounters {
  #racedWrites = 0;
  #vanished = 0;
  readonly #refused = new Counters();

  /** Messages that raced with another write; their topics are probed again. */
  get racedWrites(): number {
    return this.#racedWrites;
  }

  /** Topics that the broker lost and was given again: no client is proven to have deleted them. */
  get vanished(): number {
    return this.#vanished;
  }

  /** Messages for which there was no room, by the bound. */
  get refused(): Readonly<Record<string, number>> {
    return this.#refused.counts;
  }

  countRacedWrite(): void {
    this.#racedWrites++;
  }

  countVanished(topics: number): void {
    this.#vanished += topics;
  }

  countRefused(bound: string): void {
    this.#refused.count(bound);
  }
}
