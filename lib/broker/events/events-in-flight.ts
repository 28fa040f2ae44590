/**
 * The events that are published on one connection and not done, in their order: in columns, since V8 would copy each object that
 * survives a collection.
 */

import { EVENT_WINDOW } from '../../protocol/event-messages.ts';
import type { InFlightEvents } from './event-hangups.ts';

/** More than a window, since some are done before an older one is. A power of two. */
const PLACES = 2 ** Math.ceil(Math.log2(2 * EVENT_WINDOW));
const MASK = PLACES - 1;

export class EventsInFlight {
  readonly #seqs = new Float64Array(PLACES);
  /** Packet identifiers; 0 for an event that `publish` took. */
  readonly #ids = new Uint16Array(PLACES);
  readonly #isDone = new Uint8Array(PLACES);
  /** The numbers of the first one, and of the next one to come. */
  #first = 0;
  #next = 0;
  #delivered = 0;

  get isFull(): boolean {
    return this.#next - this.#first === PLACES;
  }

  /** All events up to this one are done. */
  get delivered(): number {
    return this.#delivered;
  }

  /** The first and the last one that are not done. */
  get unfinished(): InFlightEvents | undefined {
    if (this.#first === this.#next) return undefined;
    let last = this.#next - 1;
    while (this.#isDone[last & MASK] === 1) last--;
    return { first: this.#seqs[this.#first & MASK] as number, last: this.#seqs[last & MASK] as number };
  }

  /** Returns the place of the event. */
  add(seq: number): number {
    const place = this.#next++ & MASK;
    this.#seqs[place] = seq;
    this.#ids[place] = 0;
    this.#isDone[place] = 0;
    return place;
  }

  seqAt(place: number): number {
    return this.#seqs[place] as number;
  }

  /** The event has got this packet identifier. */
  identify(place: number, id: number): void {
    this.#ids[place] = id;
  }

  /** The place of the event with this packet identifier. Brokers acknowledge in order, so it is mostly the first one. */
  placeOf(id: number): number {
    for (let number = this.#first; number < this.#next; number++) {
      const place = number & MASK;
      if (this.#ids[place] === id && this.#isDone[place] === 0) return place;
    }
    throw new RangeError(`no event has the packet identifier ${id}`);
  }

  /** Returns how many events more are done together with all before them. */
  done(place: number): number {
    this.#isDone[place] = 1;
    const before = this.#first;
    while (this.#first < this.#next && this.#isDone[this.#first & MASK] === 1)
      this.#delivered = this.#seqs[this.#first++ & MASK] as number;
    return this.#first - before;
  }
}
