/**
 * Flow control (MQTT 5 §4.9): at most the broker's Receive Maximum of publishes with QoS 1 or 2 is in flight on one
 * connection. All publishes pass here: those of the outbox, the sentinels, the capability tests, and the marker.
 *
 * Invariant: publishes leave in the order in which they were handed over. The queue is bounded by its users, each of which
 * waits for acknowledgements.
 */

export interface Sending {
  /** A publish of QoS 0 does not count in the window, but keeps its place in the queue. */
  readonly isAcknowledged: boolean;
  /** Sends the publish. `done` is to be called once, when it is acknowledged, written or failed. */
  readonly send: (done: () => void) => void;
}

export class FlowControl {
  readonly #window: number;
  readonly #queue: Sending[] = [];
  #inFlight = 0;
  #isSending = false;

  /** @param window publishes in flight at once; at least 1 */
  constructor(window: number) {
    this.#window = Math.max(1, window);
  }

  /** Publishes that wait for a place in the window. */
  get queued(): number {
    return this.#queue.length;
  }

  add(sending: Sending): void {
    if (this.#queue.length === 0 && this.#hasRoomFor(sending)) this.#send(sending);
    else this.#queue.push(sending);
  }

  /** Takes a place in the window for a publish that is sent now. Returns false if it has to wait: then `add` it. */
  take(isAcknowledged: boolean): boolean {
    if (this.#queue.length > 0) return false;
    if (!isAcknowledged) return true;
    if (this.#inFlight >= this.#window) return false;
    this.#inFlight++;
    return true;
  }

  /** A publish that took a place is acknowledged, or has failed. */
  release(isAcknowledged: boolean): void {
    if (!isAcknowledged) return;
    this.#inFlight--;
    this.#next();
  }

  /** The connection has ended: all queued publishes are sent, so that each fails by itself. */
  releaseAll(): void {
    for (const { send } of this.#queue.splice(0)) send(() => undefined);
  }

  #hasRoomFor({ isAcknowledged }: Sending): boolean {
    return !isAcknowledged || this.#inFlight < this.#window;
  }

  #send({ isAcknowledged, send }: Sending): void {
    if (!isAcknowledged) {
      send(() => undefined);
      return;
    }
    this.#inFlight++;
    send(() => this.release(true));
  }

  /** Not recursive: a publish that fails at once makes room for the next one. */
  #next(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    for (let [next] = this.#queue; next !== undefined && this.#hasRoomFor(next); [next] = this.#queue) {
      this.#queue.shift();
      this.#send(next);
    }
    this.#isSending = false;
  }
}
