/**
 * When the next of many publishes is due, if they are spread evenly over the time. Late publishes catch up, within a burst.
 * In every second at most the rate and the burst go out.
 *
 * Times are milliseconds of a clock that only grows.
 */

export interface RateLimits {
  /** Messages a second; Infinity without a limit. */
  readonly messages: number;
  /** Bytes a second; Infinity without a limit. */
  readonly bytes: number;
}

export class EvenRate {
  readonly #perMessage: number;
  readonly #perByte: number;
  readonly #burst: number;
  /** When all that was published so far would have gone out evenly. */
  #messagesDue = Number.NEGATIVE_INFINITY;
  #bytesDue = Number.NEGATIVE_INFINITY;

  /** @param burst milliseconds: after a pause, one message and as much as the rate has in this time may follow at once */
  constructor({ messages, bytes }: RateLimits, burst: number) {
    this.#perMessage = 1_000 / messages;
    this.#perByte = 1_000 / bytes;
    this.#burst = burst;
  }

  /** A message of this many bytes goes out. */
  published(bytes: number, now: number): void {
    this.#messagesDue = Math.max(this.#messagesDue, now - this.#burst) + this.#perMessage;
    this.#bytesDue = Math.max(this.#bytesDue, now - this.#burst) + bytes * this.#perByte;
  }

  /** Milliseconds until the next message may go out; 0 or less if it may now. */
  wait(now: number): number {
    return Math.max(this.#messagesDue, this.#bytesDue) - now;
  }
}
