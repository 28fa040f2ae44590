/**
 * The next events for one destination: from the tail if it is not behind, else from the log, one read at a time.
 *
 * Invariant: it has at most AHEAD_BYTES, and what one read returns beyond that.
 */

import { Fifo } from '../core/fifo.ts';
import { has } from '../core/policy.ts';
import type { EventTail } from './event-tail.ts';
import { eventBytes, type LoggedEvent } from './ledger/event-record.ts';
import type { EventLog } from './log/event-log.ts';
import type { Damage, LogReader } from './log/log-reader.ts';

const AHEAD_BYTES = 3 * 1024 * 1024;
const AHEAD_EVENTS = 2_000;

export interface ReadAheadParts {
  readonly broker: number;
  readonly log: EventLog;
  readonly tail: EventTail;
  readonly names: () => readonly string[];
  /** A read has brought more events, or none. */
  readonly arrived: () => void;
  readonly damaged: (damage: Damage) => void;
  /** The log cannot be read now. */
  readonly failed: (error: Error) => void;
}

export class ReadAhead {
  readonly #parts: ReadAheadParts;
  readonly #reader: LogReader;
  readonly #events = new Fifo<LoggedEvent>();
  #bytes = 0;
  /** All events up to here have been read. */
  #through = 0;
  /** Counts the positions that were set, so that a read from before is recognized. */
  #generation = 0;
  #isReading = false;

  constructor(parts: ReadAheadParts) {
    this.#parts = parts;
    this.#reader = parts.log.reader();
  }

  /** All events up to here are read, and those for the destination are here unless they were taken. */
  get through(): number {
    return this.#through;
  }

  get length(): number {
    return this.#events.length;
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  get first(): LoggedEvent | undefined {
    return this.#events.first;
  }

  /** @param index 0 for the first one */
  at(index: number): LoggedEvent | undefined {
    return this.#events.at(index);
  }

  /** Reads from the event after this one on. */
  reset(through: number): void {
    this.#events.clear();
    this.#bytes = 0;
    this.#through = through;
    this.#generation++;
  }

  /** Leaves out events up to this one. */
  skip(through: number): void {
    if (through >= this.#through) {
      this.reset(through);
      return;
    }
    while ((this.first?.seq ?? Number.POSITIVE_INFINITY) <= through) this.shift();
  }

  shift(): LoggedEvent | undefined {
    const event = this.#events.shift();
    if (event !== undefined) this.#bytes -= eventBytes(event);
    return event;
  }

  /** Reads as far as there is room. */
  fill(): void {
    const { tail, log } = this.#parts;
    while (this.#hasRoom && this.#through + 1 < tail.next) {
      const next = this.#through + 1;
      if (next < tail.first && next <= log.lastDurable) {
        this.#read(next);
        return;
      }
      const event = tail.at(Math.max(next, tail.first));
      if (event === undefined) return;
      this.#take(event);
      this.#through = event.seq;
    }
  }

  close(): Promise<void> {
    this.#generation++;
    return this.#reader.close();
  }

  get #hasRoom(): boolean {
    return this.#bytes < AHEAD_BYTES && this.length < AHEAD_EVENTS;
  }

  #take(event: LoggedEvent): void {
    if (!has(event.recipients, this.#parts.broker)) return;
    this.#events.push(event);
    this.#bytes += eventBytes(event);
  }

  #read(from: number): void {
    if (this.#isReading) return;
    this.#isReading = true;
    const generation = this.#generation;
    this.#reader.next(from, this.#parts.names()).then(
      ({ events, through, damage }) => {
        this.#isReading = false;
        if (generation === this.#generation) {
          for (const event of events) this.#take(event);
          this.#through = Math.max(this.#through, through);
        }
        if (damage !== undefined) this.#parts.damaged(damage);
        this.#parts.arrived();
      },
      (error: Error) => {
        this.#isReading = false;
        this.#parts.failed(error);
      },
    );
  }
}
