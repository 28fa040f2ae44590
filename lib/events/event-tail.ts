/**
 * The newest events, in memory: a broker that is not behind gets them from here. Events that are not durable yet are here as
 * well, and only here.
 *
 * Invariant: beyond `TAIL_BYTES`, only events that are not durable.
 */

import { eventBytes, type LoggedEvent } from './ledger/event-record.ts';

const TAIL_BYTES = 16 * 1024 * 1024;

/** Removed events at the beginning of the array, before it is shortened. */
const SLACK = 1_024;

/** What an event takes in memory beyond its content. */
const EVENT_OVERHEAD_BYTES = 300;

export class EventTail {
  #events: LoggedEvent[] = [];
  #head = 0;
  #bytes = 0;
  #next: number;

  /** @param next the sequence number of the next event */
  constructor(next: number) {
    this.#next = next;
  }

  /** All events from this one on are here. */
  get first(): number {
    return this.#next - (this.#events.length - this.#head);
  }

  get next(): number {
    return this.#next;
  }

  push(event: LoggedEvent, durable: number): void {
    this.#events.push(event);
    this.#bytes += eventBytes(event) + EVENT_OVERHEAD_BYTES;
    this.#next = event.seq + 1;
    this.#trim(durable);
  }

  at(seq: number): LoggedEvent | undefined {
    return this.#events[this.#head + seq - this.first];
  }

  #trim(durable: number): void {
    while (this.#bytes > TAIL_BYTES && this.first <= durable) {
      const oldest = this.#events[this.#head];
      if (oldest === undefined) return;
      this.#bytes -= eventBytes(oldest) + EVENT_OVERHEAD_BYTES;
      this.#head++;
    }
    if (this.#head < SLACK) return;
    this.#events = this.#events.slice(this.#head);
    this.#head = 0;
  }
}
