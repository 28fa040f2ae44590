/**
 * An event on which the broker hangs up would be sent again after each connection. So it is found and refused.
 *
 * Events go out in their order, and the first one without an acknowledgement is the same after each hang-up that makes no
 * progress. After two of those, events are sent one at a time, up to the last one that was in flight. If the broker hangs up on
 * an event that is alone in flight, that event is refused.
 */

/** The hang-ups without progress before events are sent one at a time. */
const HANGUPS_BEFORE_ALONE = 2;

export interface InFlightEvents {
  readonly first: number;
  readonly last: number;
}

export class EventHangups {
  #first = 0;
  #hangups = 0;
  #aloneThrough = 0;
  #refused = 0;

  /** Whether events up to this one are sent one at a time. */
  isAlone(seq: number): boolean {
    return seq <= this.#aloneThrough;
  }

  /** Whether the broker hung up on this event repeatedly. */
  isRefused(seq: number): boolean {
    return seq === this.#refused;
  }

  /** The broker hung up while these events were in flight. */
  hungUp({ first, last }: InFlightEvents): void {
    if (this.isAlone(first) && first === last) {
      this.#refused = first;
      return;
    }
    this.#hangups = first === this.#first ? this.#hangups + 1 : 1;
    this.#first = first;
    if (this.#hangups >= HANGUPS_BEFORE_ALONE) this.#aloneThrough = Math.max(this.#aloneThrough, last);
  }
}
