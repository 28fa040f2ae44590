/**
 * The largest packet that a broker accepts, if the broker does not announce it. Such a broker hangs up on a larger one: rumqttd
 * below 60,000 bytes, Moquette below 16,000. Over MQTT 3.1.1 none can announce it. Without this limit the same message would be
 * sent after each reconnect, and hold up all others forever.
 *
 * The suspect is the largest publish that was unacknowledged when the broker hung up, if no publish as large was ever
 * acknowledged. A size that is suspected three times in a row is not sent for a while.
 */

/** How many times in a row the same size must be suspected. */
const MAX_STRIKES = 3;

/** After this time a larger packet is sent again: the network may have been the cause, or the broker was reconfigured. */
const RETRY_MS = 10 * 60_000;

/** Any broker accepts packets up to this size. */
const MIN_ACCEPTED_BYTES = 1_024;

export class SizeLimit {
  #acceptedBytes = MIN_ACCEPTED_BYTES;
  #suspectedBytes = 0;
  #strikes = 0;
  /** The smallest packet that is not sent. */
  #refusedBytes = Number.POSITIVE_INFINITY;
  #until = 0;

  /** Bytes of the largest packet to be sent; Infinity where no limit is known. */
  limit(now: number): number {
    return now < this.#until ? this.#refusedBytes - 1 : Number.POSITIVE_INFINITY;
  }

  /** The broker never acknowledged a packet as large. */
  isAboveKnownSize(bytes: number): boolean {
    return bytes > this.#acceptedBytes;
  }

  /** The broker acknowledged a publish of this size. */
  acknowledged(bytes: number): void {
    if (bytes > this.#acceptedBytes) this.#acceptedBytes = bytes;
  }

  /** The broker hung up while publishes of these sizes were unacknowledged. Returns the limit where it is new. */
  hungUp(unacknowledged: Iterable<number>, now: number): number | undefined {
    const largest = Math.max(0, ...unacknowledged);
    if (largest <= this.#acceptedBytes) {
      this.#strikes = 0;
      return undefined;
    }
    this.#strikes = largest === this.#suspectedBytes ? this.#strikes + 1 : 1;
    this.#suspectedBytes = largest;
    if (this.#strikes < MAX_STRIKES) return undefined;
    this.#strikes = 0;
    this.#refusedBytes = largest;
    this.#until = now + RETRY_MS;
    return largest;
  }
}
