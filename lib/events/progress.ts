/**
 * How far one destination is: the arithmetic of its cursors.
 *
 *     done  ≤  taken  ≤  read ahead
 *
 * All events up to `taken` are in flight or finished; all up to `done` are finished. `ledger.done` follows at the next commit.
 */

import { has } from '../core/policy.ts';
import type { EventLinkMeasures } from '../protocol/event-messages.ts';
import type { DestinationParts } from './destination-parts.ts';
import type { Flight, InFlight } from './flight.ts';
import { eventBytes, type LoggedEvent } from './ledger/event-record.ts';
import type { ReadAhead } from './read-ahead.ts';

export interface ProgressParts extends Pick<DestinationParts, 'broker' | 'tail' | 'ledgerOf' | 'append'> {
  readonly flight: Flight;
  readonly ahead: ReadAhead;
  /** An event that was in flight is finished. */
  readonly finished: (entry: InFlight) => void;
}

export class Progress {
  readonly #parts: ProgressParts;
  #done: number;
  #taken: number;
  /** All events that are done, since the log exists. */
  #finished: { messages: number; bytes: number };

  constructor(parts: ProgressParts) {
    this.#parts = parts;
    const { done, finished } = parts.ledgerOf();
    this.#done = this.#taken = done;
    this.#finished = { ...finished };
    parts.ahead.reset(done);
  }

  get done(): number {
    return this.#done;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Events that wait, and when the oldest of them was received. */
  get queued(): Pick<EventLinkMeasures, 'messages' | 'bytes'> & { readonly since: number | undefined } {
    const { offered } = this.#parts.ledgerOf();
    const messages = Math.max(0, offered.messages - this.#finished.messages);
    const bytes = messages === 0 ? 0 : Math.max(0, offered.bytes - this.#finished.bytes);
    const oldest = this.#parts.flight.oldest ?? this.#parts.ahead.first;
    return { messages, bytes, since: messages === 0 ? undefined : oldest?.received };
  }

  /** Begins again behind what is done. */
  rewind(): void {
    this.#parts.ahead.reset(this.#done);
    this.#taken = this.#done;
  }

  /** The next event is in flight, or need not be sent. */
  take({ seq }: LoggedEvent): void {
    this.#taken = seq;
  }

  finish(seq: number): void {
    const entry = this.#parts.flight.finish(seq);
    if (entry !== undefined) this.#parts.finished(entry);
  }

  /** Finishes all events in flight up to this one. Returns how many they were. */
  finishThrough(through: number): number {
    let finished = 0;
    for (const entry of this.#parts.flight.through(through)) {
      if (!this.#parts.flight.finishEntry(entry)) continue;
      this.#parts.finished(entry);
      finished++;
    }
    return finished;
  }

  /** @param isCaughtUp all events that were read ahead are taken, and reading goes on */
  advance(isCaughtUp: boolean): void {
    const { flight, ahead, tail, ledgerOf } = this.#parts;
    const { done, first } = flight.shift();
    this.#finished.messages += done.messages;
    this.#finished.bytes += done.bytes;
    if (isCaughtUp) this.#taken = Math.max(this.#taken, ahead.through);
    this.#done = Math.max(this.#done, first === undefined ? this.#taken : first - 1);
    // Damage can make events disappear that were counted.
    if (this.#done >= tail.next - 1) this.#finished = { ...ledgerOf().offered };
  }

  /**
   * These events, the oldest that there are, are dropped unless they are done.
   * @returns those that the broker lacked
   */
  drop(events: readonly LoggedEvent[], through: number): LoggedEvent[] {
    const { broker, flight, ledgerOf } = this.#parts;
    const dropped: LoggedEvent[] = [];
    for (const event of events) {
      const { seq } = event;
      if (!has(event.recipients, broker) || seq <= this.#done) continue;
      if (seq <= this.#taken) {
        if (flight.get(seq)?.isFinished !== false) continue;
        this.finish(seq);
        dropped.push(event);
        continue;
      }
      this.#finished.messages++;
      this.#finished.bytes += eventBytes(event);
      if (!ledgerOf().echoed.has(seq)) dropped.push(event);
    }
    this.#skip(through);
    return dropped;
  }

  /** Nothing waits up to this event: the broker needs none of them. */
  passIdle(last: number): void {
    if (this.queued.messages === 0 && this.#parts.flight.unfinished === 0 && this.#taken < last)
      this.#skip(last);
  }

  /** Stores how far it is with the next commit. */
  record(): void {
    if (this.#done <= this.#parts.ledgerOf().done) return;
    const { messages, bytes } = this.#finished;
    this.#parts.append({ kind: 'done', broker: this.#parts.broker, through: this.#done, messages, bytes });
  }

  #skip(through: number): void {
    this.#parts.ahead.skip(through);
    this.#taken = Math.max(this.#taken, through);
    this.advance(false);
  }
}
