/**
 * The newest events, in memory: a broker that is not behind gets them from here. Events that are not durable yet are here as
 * well, and only here. Events that no broker takes from here any more are released: objects that live long cost the most to collect.
 *
 * Invariant: beyond `TAIL_BYTES`, only events that are not durable.
 */

import { Fifo } from '../core/fifo.ts';
import { eventBytes, type LoggedEvent } from './ledger/event-record.ts';

const TAIL_BYTES = 8 * 1024 * 1024;

/** What an event takes in memory beyond its content. */
const EVENT_OVERHEAD_BYTES = 300;

export class EventTail {
  readonly #events = new Fifo<LoggedEvent>();
  #bytes = 0;
  #next: number;

  /** @param next the sequence number of the next event */
  constructor(next: number) {
    this.#next = next;
  }

  /** All events from this one on are here. */
  get first(): number {
    return this.#next - this.#events.length;
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
    return this.#events.at(seq - this.first);
  }

  /** Nobody takes events up to this one from here any more, and they are durable. */
  release(through: number): void {
    while (this.#events.length > 0 && this.first <= through) this.#shift();
  }

  #trim(durable: number): void {
    while (this.#bytes > TAIL_BYTES && this.#events.length > 0 && this.first <= durable) this.#shift();
  }

  #shift(): void {
    const oldest = this.#events.shift();
    if (oldest !== undefined) this.#bytes -= eventBytes(oldest) + EVENT_OVERHEAD_BYTES;
  }
}
