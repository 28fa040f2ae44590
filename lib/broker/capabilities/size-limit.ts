/**
 * The largest packet of a broker that does not name it (over MQTT 3.1.1 none can) but hangs up on a larger
 * one. Without this the same message would be sent after each reconnect, and hold up all others for ever.
 *
 * Suspected is the largest publish that was unacknowledged when the broker hung up, if none as large was ever
 * acknowledged. What is suspected three times in a row is not sent for a while.
 */

/** So many times in a row it must have been the same one. */
const LIMIT_AFTER_STRIKES = 3;

/** Milliseconds after which it is tried again: the network may have been at fault, or the broker reconfigured. */
const BELIEVED_FOR = 10 * 60_000;

/** Bytes that any broker takes: one that hangs up on less does so for another reason. */
const ALWAYS_TAKEN = 1_024;

export class SizeLimit {
  #taken = ALWAYS_TAKEN;
  #suspectedSize = 0;
  #times = 0;
  #least = Number.POSITIVE_INFINITY;
  #until = 0;

  /** The largest packet that the broker is believed to take, in bytes; Infinity without a suspicion. */
  limit(now: number): number {
    return now < this.#until ? this.#least - 1 : Number.POSITIVE_INFINITY;
  }

  /** None as large was ever acknowledged. */
  isAboveKnownSize(bytes: number): boolean {
    return bytes > this.#taken;
  }

  /** The broker acknowledged a publish of so many bytes. */
  acknowledged(bytes: number): void {
    if (bytes > this.#taken) this.#taken = bytes;
  }

  /**
   * The broker hung up while these publishes were not acknowledged. Returns the size that is not sent any more
   * from now on, if that is news.
   */
  hungUp(unacknowledged: Iterable<number>, now: number): number | undefined {
    const largest = Math.max(0, ...unacknowledged);
    if (largest <= this.#taken) {
      this.#times = 0;
      return undefined;
    }
    this.#times = largest === this.#suspectedSize ? this.#times + 1 : 1;
    this.#suspectedSize = largest;
    if (this.#times < LIMIT_AFTER_STRIKES) return undefined;
    this.#times = 0;
    this.#least = largest;
    this.#until = now + BELIEVED_FOR;
    return largest;
  }
}
